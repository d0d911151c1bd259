import assert from 'node:assert/strict'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ask } from '../support/ask.ts'
import { temporaryFolder } from '../support/folder.ts'
import { serverWith } from '../support/server.ts'
import { missingTool } from '../support/tools.ts'
import { run } from './program.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

interface Block {
  readonly info: string
  readonly text: string
}

describe('docs/clients.md', { skip: missingTool('curl') }, () => {
  const blocks = blocksOf('docs/clients.md')
  const consoles = blocks.filter(({ info }) => info === 'console')

  for (const { text } of consoles) {
    const [command = '', ...output] = text.split('\n')

    it(`shows what really happens: ${command}`, async (test) => {
      const { url, folder } = await served(test)

      const line = command.replace(/^\$ /, '').replace('examples/', `${root}/examples/`)
      const ended = await run('sh', ['-c', line.replace('http://127.0.0.1:8507', url)], { cwd: folder })

      const said = command.includes('curl') ? ended.stdout : ended.stderr.replace(/^\s+/, '')
      assert.equal(ofNoDay(said), ofNoDay(`${output.join('\n')}\n`))
    })
  }

  it('has the exchange of an upload and of a question', () => {
    assert.deepEqual(
      ['curl -i -T', 'curl -i -X OPTIONS', 'examples/upload'].map((command) =>
        consoles.some(({ text }) => text.includes(command)),
      ),
      [true, true, true],
    )
  })

  it('quotes the examples as they are', () => {
    const quotes = blocks.filter(({ info }) => info.includes('examples/'))
    const wrong = quotes.filter(({ info, text }) => {
      const [, file = ''] = info.split(' ')
      return !readFileSync(join(root, file), 'utf8').includes(text)
    })

    assert.equal(quotes.length, 5)
    assert.deepEqual(wrong, [])
  })
})

describe('docs/guide.md', { skip: missingTool('curl') }, () => {
  it('shows the question as it really is', async (test) => {
    const { url, folder } = await served(test)
    const question = blocksOf('docs/guide.md').find(({ text }) => text.includes('X-Expected-Entity-Length:'))
    const [command = '', ...output] = question?.text.replace(/\\\n +/, '').split('\n') ?? []

    const line = command.replace(/^\$ /, '').replace('http://127.0.0.1:8507', url)
    const { stdout } = await run('sh', ['-c', line], { cwd: folder })

    assert.equal(ofNoDay(stdout), ofNoDay(`${output.join('\n')}\n`))
  })
})

/** The server of the page, and a folder with the file that is too large for it, which takes no room. */
async function served(test: TestContext): Promise<{ url: string; folder: string }> {
  const server = await serverWith(test, { limitBytes: 1024 ** 3 })
  await ask(server, 'PUT /hello.txt', { body: 'hello, water line\n' })
  const folder = temporaryFolder(test)
  writeFileSync(join(folder, 'two-gib.bin'), '')
  truncateSync(join(folder, 'two-gib.bin'), 2 * 1024 ** 3)
  return { url: server.url, folder }
}

function blocksOf(document: string): readonly Block[] {
  const text = readFileSync(join(root, document), 'utf8')
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)\n```$/gm)].map(([, info = '', inside = '']) => ({
    info,
    text: inside,
  }))
}

function ofNoDay(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(/^Date: .*$/m, 'Date: …')
}
