import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answer, ask } from '../support/ask.ts'
import { serverWith } from '../support/server.ts'

describe('OPTIONS (RFC 4918 §10.1, RFC 9110 §9.3.7)', () => {
  it('claims class 1 on everything in the tree (OPT-01)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /folder')
    await ask(server, 'PUT /a.txt', { body: 'x' })

    for (const target of ['/', '/folder', '/folder/', '/a.txt', '/missing', '/no/parent']) {
      assert.ok(tokensOf(await ask(server, `OPTIONS ${target}`)).includes('1'), target)
    }
  })

  it('does not claim access control (OPT-05)', async (test) => {
    const server = await serverWith(test)

    assert.ok(!tokensOf(await ask(server, 'OPTIONS /')).includes('access-control'))
  })

  it('does not claim WebDAV outside the tree (OPT-06)', async (test) => {
    const server = await serverWith(test, { basePath: '/dav' })

    const outside = await ask(server, 'OPTIONS /other')
    const inside = await ask(server, 'OPTIONS /dav')

    assert.equal(outside.headers.dav, undefined)
    assert.ok(tokensOf(inside).includes('1'))
  })

  it('tells what each kind of URL allows (OPT-07)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'MKCOL /folder')
    await ask(server, 'PUT /a.txt', { body: 'x' })

    const allow = async (target: string): Promise<string[]> => {
      const list = ((await ask(server, `OPTIONS ${target}`)).headers.allow ?? '').split(', ')
      const known = ['OPTIONS', 'GET', 'HEAD', 'PUT', 'DELETE', 'MKCOL', 'PROPFIND']
      return known.filter((method) => list.includes(method))
    }

    assert.deepEqual(await allow('/'), ['OPTIONS', 'GET', 'HEAD', 'PROPFIND'])
    assert.deepEqual(await allow('/folder/'), ['OPTIONS', 'GET', 'HEAD', 'DELETE', 'PROPFIND'])
    assert.deepEqual(await allow('/a.txt'), ['OPTIONS', 'GET', 'HEAD', 'PUT', 'DELETE', 'PROPFIND'])
    assert.deepEqual(await allow('/missing'), ['OPTIONS', 'PUT', 'MKCOL'])
  })

  it('lets Windows and Office see a WebDAV server (OPT-08)', async (test) => {
    const server = await serverWith(test)

    assert.equal((await ask(server, 'OPTIONS /')).headers['ms-author-via'], 'DAV')
  })

  it('has no body, also where nothing is mapped (OPT-09)', async (test) => {
    const server = await serverWith(test)

    for (const target of ['/', '/missing', '*']) {
      const { status, headers, bytes } = await ask(server, `OPTIONS ${target}`)
      assert.deepEqual([status, headers['content-length'], bytes.byteLength], [200, '0', 0], target)
    }
  })
})

function tokensOf({ headers }: Answer): string[] {
  return String(headers.dav).split(/\s*,\s*/)
}
