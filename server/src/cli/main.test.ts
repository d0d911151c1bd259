import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'

const directory = await mkdtemp(join(tmpdir(), 'plimsoll-command-'))
after(() => rm(directory, { recursive: true }))

describe('the command line', () => {
  it('shows help and version and ends with 0', async () => {
    const help = await run(['serve', '--help'])
    const version = await run(['--version'])

    assert.equal(help.code, 0)
    assert.match(help.stdout, /--limit <SIZE>[\s\S]*PLIMSOLL_LIMIT/)
    assert.equal(version.code, 0)
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
  })

  it('ends with 2 and a suggestion where it is not understood', async () => {
    const option = await run(['serve', '--limt', '3'])
    const command = await run(['serv'])
    const nothing = await run([])

    assert.deepEqual([option.code, command.code, nothing.code], [2, 2, 2])
    assert.match(option.stderr, /unknown option '--limt'[\s\S]*Did you mean --limit\?/)
    assert.match(command.stderr, /Did you mean serve\?/)
    assert.match(nothing.stderr, /Usage: plimsoll/)
  })

  it('ends with 1, what was wrong and what to do where a setting cannot be used', async () => {
    const size = await run(['serve', '--limit', '10XB'])
    const open = await run(['serve', '--host', '0.0.0.0', '--no-auth'])

    assert.equal(size.code, 1)
    assert.match(size.stderr, /^plimsoll: --limit: "XB" is not a unit.*\nCorrect it, or leave it out.*\n$/)
    assert.equal(open.code, 1)
    assert.match(open.stderr, /say it twice: --no-auth --no-auth/)
  })

  it('shows each setting and its source, and no password', async () => {
    const file = join(directory, 'plimsoll.json')
    await writeFile(file, '{"keepFree": "10MiB"}')

    const { code, stdout } = await run(['config', 'here', '--no-auth', '--no-auth', '--config', file], {
      PLIMSOLL_USER: 'alice:secret',
    })

    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`^folder +${join(directory, 'here')} +FOLDER$`, 'm'))
    assert.match(stdout, new RegExp(`^keepFree +10 MiB \\(10485760 bytes\\) +keepFree in ${file}$`, 'm'))
    assert.match(stdout, /^user +alice \(password hidden\) +PLIMSOLL_USER$/m)
    assert.match(stdout, /^noAuth +everywhere +--no-auth$/m)
    assert.match(stdout, /^port +8507 +default$/m)
    assert.doesNotMatch(stdout, /secret/)
  })

  it('serves a folder, prints where, with the real port and the password, and ends with 0 at SIGTERM', async (t) => {
    const child = start(['serve', 'files', '--port', '0', '--limit', '1MiB', '--log-format', 'json'])
    t.after(() => child.kill('SIGKILL'))
    const closed = outcome(child)
    const stdout = await readUntil(child, 'Ctrl+C')
    const url = /address +(http:\S+)/.exec(stdout)?.[1] ?? ''
    const password = /password +(\S+)/.exec(stdout)?.[1] ?? ''

    const stranger = await fetch(url)
    const user = await fetch(url, { headers: { authorization: `Basic ${btoa(`plimsoll:${password}`)}` } })
    await Promise.all([stranger.text(), user.text()])
    child.kill('SIGTERM')
    const { code, stderr } = await closed

    assert.deepEqual([stranger.status, user.status, code], [401, 200, 0])
    assert.match(stdout, /limit +1 MiB\n +used +0 B\n +free +1 MiB\n/)
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.deepEqual(
      events.filter(({ event }) => event === 'request').map(({ status, user }) => [status, user]),
      [
        [401, null],
        [200, 'plimsoll'],
      ],
    )
    assert.ok(!stderr.includes(password))
  })
})

function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  const script = `const { main } = await import(${JSON.stringify(new URL('./main.ts', import.meta.url))}); await main(process.argv)`
  // Node puts no script name among the arguments of --eval.
  const evaluated = ['--input-type=module', '--eval', script, '--', 'plimsoll', ...args]
  return spawn(process.execPath, evaluated, {
    cwd: directory,
    env: { PATH: process.env.PATH, ...environment },
  })
}

function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return outcome(start(args, environment))
}

async function outcome(child: ChildProcess) {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

async function readUntil(child: ChildProcess, end: string): Promise<string> {
  let text = ''
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  child.stdout?.on('data', (chunk: string) => {
    text += chunk
    if (text.includes(end)) resolve(text)
  })
  child.once('close', () => reject(new Error(`the server ended early: ${text}`)))
  return promise
}
