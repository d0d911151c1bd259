import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadSettings } from '../../../src/config/load.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { serverWith } from '../../support/server.ts'
import { missingTool } from '../../support/tools.ts'
import { run } from '../program.ts'
import { freePort } from './front.ts'
import { deployed, replaced } from './plan.ts'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))
const SYSTEMD = fileURLToPath(new URL('../../../../deploy/systemd', import.meta.url))
const SERVE = fileURLToPath(new URL('../../support/serve-process.ts', import.meta.url))
const PRIVATE = { timeout: 120_000 }

describe('deploy/systemd', { skip: missingTool('systemd-analyze', 'systemd-socket-activate') }, () => {
  it('has units in which systemd finds nothing wrong', async (test) => {
    const directory = temporaryFolder(test)
    const service = replaced(deployed('systemd/plimsoll.service'), [
      ['/opt/plimsoll/node_modules/.bin/node', process.execPath],
    ])
    writeFileSync(join(directory, 'plimsoll.service'), service)
    copyFileSync(join(SYSTEMD, 'plimsoll.socket'), join(directory, 'plimsoll.socket'))

    const units = ['plimsoll.service', 'plimsoll.socket'].map((name) => join(directory, name))
    const { code, stderr } = await run('systemd-analyze', ['verify', '--man=no', ...units])

    // Of the units of the machine itself it may complain.
    const ours = stderr.split('\n').filter((line) => line.includes('plimsoll'))
    assert.deepEqual([code, ours], [0, []], stderr)
  })

  it('exposes little: at most 2.0 of 10 by the measure of systemd', async () => {
    const unit = join(SYSTEMD, 'plimsoll.service')

    const { code, stdout } = await run('systemd-analyze', [
      'security',
      '--offline=true',
      '--threshold=20',
      unit,
    ])

    assert.equal(code, 0, stdout)
  })

  it('has a configuration that the server accepts, for the folder and the state of the unit', async () => {
    const { settings } = await loadSettings({
      flags: { config: join(SYSTEMD, 'plimsoll.json') },
      environment: {},
      workingDirectory: '/',
    })

    const service = deployed('systemd/plimsoll.service')
    assert.match(service, new RegExp(`^ReadWritePaths=${settings.folder.replace(/\/files$/, '')}$`, 'm'))
    assert.match(service, /^StateDirectory=plimsoll$/m)
    assert.equal(settings.state, '/var/lib/plimsoll')
  })

  it('starts the server on the socket that systemd opened', PRIVATE, async (test) => {
    const port = await freePort()
    const folder = temporaryFolder(test)
    const args = [process.execPath, SERVE, 'serve', folder, '--no-auth', '--no-auth', '--port', '1']
    const child = started(test, ['-l', `127.0.0.1:${port}`, ...args])
    await child.said(/Listening on/)

    // The first connection starts it, and waits until it is there.
    const stored = await fetch(`http://127.0.0.1:${port}/a`, { method: 'PUT', body: 'a' })

    assert.equal(stored.status, 201)
    assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'a')
    await child.said(new RegExp(`address +http://127\\.0\\.0\\.1:${port}/`))
    assert.equal(await child.stop(), 0)
  })

  for (const [what, sockets, message] of [
    ['two sockets', 2, /systemd passed 2 sockets on\nHave one ListenStream=/],
    ['a Unix socket', 1, /the socket that was passed on is no TCP socket/],
  ] as const) {
    it(`says what is wrong with ${what}`, PRIVATE, async (test) => {
      const port = await freePort()
      const unix = join(temporaryFolder(test), 'socket')
      const listen = sockets === 2 ? ['-l', `127.0.0.1:${port}`, '-l', unix] : ['-l', unix]
      const serve = [process.execPath, SERVE, 'serve', temporaryFolder(test), '--user', 'alice:a']
      const child = started(test, [...listen, ...serve])
      await child.said(/Listening on/)

      await run('curl', ['-s', '--unix-socket', unix, 'http://localhost/', '--max-time', '30'])

      assert.match(await child.said(message), message)
    })
  }
})

describe('Dockerfile', () => {
  const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')

  it('copies what is there, and runs it as somebody who is not root', () => {
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
      names.split(' '),
    )
    const stages = text.split(/^FROM /m).slice(1)

    assert.deepEqual(copied, ['package.json', 'package-lock.json', 'server'])
    for (const name of copied) assert.ok(statSync(join(ROOT, name)))
    assert.equal(stages.length, 2)
    assert.match(stages[1] ?? '', /^USER node$/m)
  })

  it('has a health check that tells a server from none', async (test) => {
    const [, check = '[]'] = /^HEALTHCHECK .*? CMD (\[.*\])$/m.exec(text) ?? []
    const [command, ...args] = JSON.parse(check) as string[]
    const server = await serverWith(test)
    const healthy = (port: number) => run(process.execPath, args, { env: { PLIMSOLL_PORT: String(port) } })

    assert.equal(command, 'node')
    assert.equal((await healthy(server.port)).code, 0)
    assert.equal((await healthy(await freePort())).code, 1)
  })
})

interface Started {
  /** All that it said, once that matches. */
  said(pattern: RegExp): Promise<string>
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>
}

function started(test: TestContext, args: readonly string[]): Started {
  const child: ChildProcess = spawn('systemd-socket-activate', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
  })
  test.after(() => child.kill('SIGKILL'))
  const closed = once(child, 'close') as Promise<[number | null]>
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (more) => {
      text += more
      child.emit('said')
    })
  }
  return {
    async said(pattern) {
      while (!pattern.test(text)) {
        const ended = await Promise.race([once(child, 'said').then(() => false), closed.then(() => true)])
        if (ended && !pattern.test(text)) throw new Error(`it ended: ${text}`)
      }
      return text
    },
    async stop() {
      child.kill('SIGTERM')
      return (await closed)[0]
    },
  }
}
