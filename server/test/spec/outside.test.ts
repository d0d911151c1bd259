import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { exchange, head } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { temporaryFolder } from '../support/folder.ts'
import { asking, propfind } from '../support/multistatus.ts'
import { serverWith, type TestServer } from '../support/server.ts'

interface Fixture {
  readonly server: TestServer
  /** A folder beside the served one, with `secret.txt` and `folder/secret.txt` in it. */
  readonly outside: string
}

async function serverWithLinks(test: TestContext): Promise<Fixture> {
  const parent = temporaryFolder(test)
  const outside = join(parent, 'outside')
  mkdirSync(join(outside, 'folder'), { recursive: true })
  for (const name of ['secret.txt', 'folder/secret.txt']) writeFileSync(join(outside, name), 'secret')
  const server = await serverWith(test, { folder: join(parent, 'served'), limitBytes: 10_000 })
  await ask(server, 'MKCOL /in')
  await ask(server, 'PUT /in/file.txt', { body: 'inside' })
  const links = {
    'to-file': join(outside, 'secret.txt'),
    'to-folder': outside,
    'to-parent': '..',
    'to-root': '/',
    dangling: join(outside, 'not-there'),
    'to-own-state': '.plimsoll',
    'to-itself': 'to-itself',
    'in/to-file': '../../outside/secret.txt',
    'in/to-folder': '../../outside/folder',
  }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(server.folder, name))
  return { server, outside }
}

const LINKED = [
  '/to-file',
  '/to-folder',
  '/to-folder/',
  '/to-folder/secret.txt',
  '/to-folder/folder',
  '/to-folder/folder/secret.txt',
  '/to-folder/new',
  '/to-parent/outside/secret.txt',
  '/to-parent/outside/new',
  '/to-root/etc/passwd',
  '/dangling',
  '/dangling/new',
  '/to-own-state',
  '/to-own-state/state.sqlite',
  '/to-own-state/stage/new',
  '/to-itself',
  '/to-itself/new',
  '/in/to-file',
  '/in/to-folder/secret.txt',
  '/in/to-folder/new',
]

describe('symbolic links in the served folder (RFC 4918 §20.3)', () => {
  for (const method of ['GET', 'HEAD', 'PROPFIND']) {
    it(`lead ${method} nowhere (URI-20)`, async (test) => {
      const { server } = await serverWithLinks(test)

      for (const target of LINKED) {
        const { status, text } = await ask(server, `${method} ${target}`, { headers: { Depth: '0' } })
        assert.ok(status === 404 || status === 403, `${target}: ${status}`)
        assert.doesNotMatch(text, /^secret/)
      }
    })
  }

  for (const method of ['PUT', 'MKCOL', 'DELETE']) {
    it(`let ${method} change nothing outside, nor of the server's own (URI-20)`, async (test) => {
      const { server, outside } = await serverWithLinks(test)
      const own = readdirSync(join(server.folder, '.plimsoll')).sort()

      for (const target of LINKED) {
        // The link itself is a name in the tree: to replace or remove it touches nothing that it leads to.
        await ask(server, `${method} ${target}`, method === 'PUT' ? { body: 'intruder' } : {})
      }

      assert.deepEqual(readdirSync(outside).sort(), ['folder', 'secret.txt'])
      assert.deepEqual(readdirSync(join(outside, 'folder')), ['secret.txt'])
      for (const name of ['secret.txt', 'folder/secret.txt']) {
        assert.equal(readFileSync(join(outside, name), 'utf8'), 'secret')
      }
      assert.deepEqual(readdirSync(join(server.folder, '.plimsoll')).sort(), own)
      assert.deepEqual(server.strays(), [])
    })

    it(`let ${method} go through them only to a refusal (URI-20)`, async (test) => {
      const { server } = await serverWithLinks(test)

      for (const target of LINKED.filter(
        (target) => target.split('/').length > 2 && !/^\/in\/[\w-]+$/.test(target),
      )) {
        const { status } = await ask(server, `${method} ${target}`, method === 'PUT' ? { body: 'x' } : {})
        assert.ok(
          [403, 404, 409].includes(status) || (status === 405 && target.endsWith('/')),
          `${target}: ${status}`,
        )
      }
    })
  }

  for (const method of ['PUT', 'MKCOL', 'DELETE']) {
    it(`are themselves out of the reach of ${method} (URI-20)`, async (test) => {
      const { server } = await serverWithLinks(test)
      const names = ['to-file', 'to-folder', 'dangling', 'in/to-file']

      for (const name of names) {
        const { status } = await ask(server, `${method} /${name}`, method === 'PUT' ? { body: 'x' } : {})
        assert.ok(status === 403 || status === 404, `${name}: ${status}`)
      }

      assert.deepEqual(
        readdirSync(join(server.folder)).filter((name) => names.includes(name)),
        ['dangling', 'to-file', 'to-folder'],
      )
    })
  }

  for (const method of ['COPY', 'MOVE']) {
    it(`are replaced by no ${method} of a file or a collection, whatever its Overwrite says (URI-20)`, async (test) => {
      const { server } = await serverWithLinks(test)
      const names = ['to-file', 'to-folder', 'dangling', 'to-itself', 'in/to-file']
      await ask(server, 'PUT /file.txt', { body: 'content' })
      await ask(server, 'MKCOL /folder')

      for (const name of names) {
        for (const [from, overwrite] of [
          ['/file.txt', 'F'],
          ['/file.txt', 'T'],
          ['/folder', 'T'],
        ]) {
          const headers = { Destination: `/${name}`, Overwrite: overwrite ?? '' }
          const { status } = await ask(server, `${method} ${from}`, { headers })
          assert.equal(status, 403, `${from} to ${name}`)
        }
        assert.ok(lstatSync(join(server.folder, name)).isSymbolicLink(), name)
      }
    })
  }

  it('are not listed, by PROPFIND or for a browser (URI-20)', async (test) => {
    const { server } = await serverWithLinks(test)

    const members = await propfind(server, '/', { depth: '1' })
    const deeper = await propfind(server, '/in/', { depth: '1' })
    const page = await ask(server, 'GET /')

    assert.deepEqual(members.map(({ href }) => href).sort(), ['/', '/in/'])
    assert.deepEqual(deeper.map(({ href }) => href).sort(), ['/in/', '/in/file.txt'])
    assert.doesNotMatch(page.text, /to-file|to-folder|dangling/)
  })

  it('go with the collection that is deleted, and what they lead to stays (URI-20)', async (test) => {
    const { server, outside } = await serverWithLinks(test)

    const { status } = await ask(server, 'DELETE /in')

    assert.equal(status, 204)
    assert.equal(existsSync(join(server.folder, 'in')), false)
    assert.equal(readFileSync(join(outside, 'folder', 'secret.txt'), 'utf8'), 'secret')
    assert.deepEqual(server.strays(), [])
  })

  it('count for nothing (URI-20)', async (test) => {
    const { server } = await serverWithLinks(test)

    const [member] = await propfind(server, '/', { body: asking('quota-used-bytes') })

    assert.equal(member?.found.get('DAV:quota-used-bytes')?.text, '6')
  })
})

const SPELLINGS = [
  '/.plimsoll',
  '/.plimsoll/',
  '//.plimsoll',
  '/%2eplimsoll',
  '/%2Eplimsoll',
  '/.plimsol%6c',
  '/%2e%70%6c%69%6d%73%6f%6c%6c',
  '/.PLIMSOLL',
  '/.Plimsoll',
  '/.plimsoll/state.sqlite',
  '/.plimsoll/stage',
  '/.plimsoll/stage/new',
  '/.PLIMSOLL/state.sqlite',
  '/in/.plimsoll',
  '/in/.plimsoll/new',
]

describe('the folder of the server itself', () => {
  for (const method of ['GET', 'HEAD', 'PUT', 'MKCOL', 'DELETE', 'PROPFIND']) {
    it(`is out of the reach of ${method} in every spelling`, async (test) => {
      const { server } = await serverWithLinks(test)
      const own = readdirSync(join(server.folder, '.plimsoll')).sort()
      assert.ok(own.length > 0)

      for (const target of SPELLINGS) {
        const { status } = await ask(server, `${method} ${target}`, {
          headers: { Depth: '0' },
          ...(method === 'PUT' ? { body: 'intruder' } : {}),
        })
        assert.ok(status === 404 || status === 403, `${target}: ${status}`)
      }

      assert.deepEqual(readdirSync(join(server.folder, '.plimsoll')).sort(), own)
      assert.deepEqual(server.strays(), [])
    })
  }
})

describe('dot segments (RFC 3986 §5.2.4)', () => {
  const dots = ['..', '%2e%2e', '%2E%2E', '.%2e', '%2e.', '%2E.', '..%2f', '..%5c', '..\\', '%2e%2e%2f']
  const targets = dots.flatMap((dot) => [
    `/${dot}/outside/secret.txt`,
    `/in/${dot}/${dot}/outside/secret.txt`,
    `/in/${dot}/in/file.txt`,
    `/${dot}`,
    `/in/${dot}`,
  ])
  for (const method of ['GET', 'PUT', 'MKCOL', 'DELETE', 'PROPFIND']) {
    it(`are refused by ${method} in every spelling (URI-11)`, async (test) => {
      const { server, outside } = await serverWithLinks(test)

      for (const target of targets) {
        const [answer] = await exchange(
          test,
          server,
          head(`${method} ${target}`, 'Depth: 0', 'Connection: close'),
        )
        assert.equal(answer?.status, 400, target)
      }

      assert.deepEqual(readdirSync(outside).sort(), ['folder', 'secret.txt'])
      assert.deepEqual(readdirSync(join(server.folder, 'in')).sort(), ['file.txt', 'to-file', 'to-folder'])
    })
  }
})
