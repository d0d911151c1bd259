import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { StartError } from '../core/start-error.ts'
import { type Given, loadSettings } from './load.ts'
import { flagOf, OPTION_NAMES, OPTIONS, showSetting, variableOf } from './schema.ts'

const directory = await mkdtemp(join(tmpdir(), 'plimsoll-config-'))
after(() => rm(directory, { recursive: true }))

describe('the settings', () => {
  it('are the defaults where nobody said anything', async () => {
    const { settings, sources } = await load({})

    assert.equal(settings.folder, join(directory, 'files'))
    assert.equal(settings.host, '127.0.0.1')
    assert.equal(settings.port, 8507)
    assert.equal(settings.limit, null)
    assert.equal(settings.noAuth, 'no')
    assert.deepEqual(settings.user, [])
    assert.equal(sources.limit, 'default')
  })

  it('come from the flag before the variable before the file', async () => {
    const file = await configFile({ limit: '3KiB', port: 3, keepFree: 300, durability: 'file' })

    const { settings, sources } = await load({
      flags: { config: file, limit: '1KiB' },
      environment: { PLIMSOLL_LIMIT: '2KiB', PLIMSOLL_PORT: '2' },
    })

    assert.equal(settings.limit, 1024)
    assert.equal(sources.limit, '--limit')
    assert.equal(settings.port, 2)
    assert.equal(sources.port, 'PLIMSOLL_PORT')
    assert.equal(settings.keepFree, 300)
    assert.equal(sources.keepFree, `keepFree in ${file}`)
    assert.equal(settings.durability, 'file')
  })

  it('take an empty variable for none, and "none" for a limit lifted', async () => {
    const file = await configFile({ limit: '3KiB' })

    const kept = await load({ flags: { config: file }, environment: { PLIMSOLL_LIMIT: '' } })
    const lifted = await load({ flags: { config: file }, environment: { PLIMSOLL_LIMIT: 'none' } })

    assert.equal(kept.settings.limit, 3072)
    assert.equal(lifted.settings.limit, null)
  })

  it('take paths from the file relative to the file, all others to the working directory', async () => {
    const file = await configFile({ folder: 'here', state: '/var/lib/plimsoll' })

    const fromFile = await loadSettings({
      flags: { config: file },
      environment: {},
      workingDirectory: '/elsewhere',
    })
    const fromFlag = await load({ flags: { folder: './there' } })

    assert.equal(fromFile.settings.folder, join(directory, 'here'))
    assert.equal(fromFile.settings.state, '/var/lib/plimsoll')
    assert.equal(fromFlag.settings.folder, join(directory, 'there'))
  })

  it('take users from repeated flags, from lines of the variable and from a list in the file', async () => {
    const expected = [
      { name: 'alice', password: 'a:b, c' },
      { name: 'bob', password: 'x' },
    ]
    const file = await configFile({ user: ['alice:a:b, c', 'bob:x'] })

    const all = [
      await load({ flags: { user: ['alice:a:b, c', 'bob:x'] } }),
      await load({ environment: { PLIMSOLL_USER: 'alice:a:b, c\r\nbob:x\n' } }),
      await load({ flags: { config: file } }),
    ]

    for (const { settings } of all) assert.deepEqual(settings.user, expected)
  })

  it('take no-auth as true or everywhere', async () => {
    const file = await configFile({ noAuth: true })

    assert.equal((await load({ flags: { config: file } })).settings.noAuth, 'loopback')
    assert.equal(
      (await load({ environment: { PLIMSOLL_NO_AUTH: 'everywhere' } })).settings.noAuth,
      'everywhere',
    )
    assert.equal((await load({ environment: { PLIMSOLL_NO_AUTH: 'false' } })).settings.noAuth, 'no')
    await refused(
      { environment: { PLIMSOLL_NO_AUTH: 'maybe' } },
      /^PLIMSOLL_NO_AUTH: expected true/,
      /default/,
    )
  })

  it('normalise the base path and the brackets of an IPv6 address', async () => {
    const { settings } = await load({ flags: { basePath: '/dav/', host: '[::1]' } })

    assert.equal(settings.basePath, '/dav')
    assert.equal(settings.host, '::1')
    await refused({ flags: { basePath: '/a/../b' } }, /^--base-path: expected a path/, /default \(\/\)/)
    await refused({ flags: { host: 'http://x' } }, /^--host: expected an address/, /default/)
  })
})

describe('a setting that cannot be used', () => {
  it('is refused with its source', async () => {
    const file = await configFile({ limit: 'much' })

    await refused(
      { flags: { limit: '10XB' } },
      /^--limit: "XB" is not a unit.*Write for example/,
      /default \(none\)/,
    )
    await refused({ environment: { PLIMSOLL_LIMIT: '-1' } }, /^PLIMSOLL_LIMIT: "-1" is negative/, /./)
    await refused({ flags: { config: file } }, new RegExp(`^limit in ${file}: "much" is not a size`), /./)
    await refused({ flags: { port: '70000' } }, /^--port: expected a whole number.*not "70000"/, /8507/)
    await refused(
      { flags: { durability: 'most' } },
      /^--durability: expected full, file or none, not "most"/,
      /./,
    )
    await refused({ flags: { folder: '' } }, /^FOLDER: expected the path/, /./)
  })

  it('never shows a password', async () => {
    const faults = ['secret', ':secret', 'alice:', 'alice:sec\u0007ret']
    for (const user of faults) {
      const error = await refused({ flags: { user: [user] } }, /^--user: /, /./)
      assert.doesNotMatch(error.message + error.hint, /sec/)
    }
    const file = await configFile({ user: { alice: 'secret' } })
    assert.doesNotMatch((await refused({ flags: { config: file } }, /^user in/, /./)).message, /secret/)
  })
})

describe('a variable that is not known', () => {
  it('is refused with the one that was probably meant', async () => {
    await refused({ environment: { PLIMSOLL_LIMT: '1' } }, /^PLIMSOLL_LIMT/, /Did you mean PLIMSOLL_LIMIT\?/)
    await refused({ environment: { PLIMSOLL_COLOUR: '1' } }, /^PLIMSOLL_COLOUR/, /There are: PLIMSOLL_FOLDER/)
  })

  it('is passed over where Kubernetes made it for a Service of the same name', async () => {
    const { settings } = await load({
      environment: {
        PLIMSOLL_SERVICE_HOST: '10.0.0.1',
        PLIMSOLL_SERVICE_PORT_HTTP: '8507',
        PLIMSOLL_PORT: 'tcp://10.0.0.1:8507',
        PLIMSOLL_PORT_8507_TCP_ADDR: '10.0.0.1',
        PLIMSOLL_DEBUG: '1',
      },
    })

    assert.equal(settings.port, 8507)
  })
})

describe('a configuration file', () => {
  it('with an unknown key is refused with the one that was probably meant', async () => {
    const file = await configFile({ keepfree: 1 })
    await refused({ flags: { config: file } }, /there is no option "keepfree"/, /Did you mean keepFree\?/)
    const nested = await configFile({ config: 'other.json' })
    await refused({ flags: { config: nested } }, /there is no option "config"/, /./)
  })

  it('that is not JSON is refused with line and column', async () => {
    const file = await configText('{\n  "limit": 1,\n}\n')
    await refused({ flags: { config: file } }, new RegExp(`^${file}:3:1: not JSON`), /for example/)
  })

  it('that is no object is refused', async () => {
    await refused({ flags: { config: await configText('[]') } }, /expected one JSON object/, /for example/)
  })

  it('may begin with a byte order mark', async () => {
    const file = await configText('\ufeff{"port": 1}')
    assert.equal((await load({ flags: { config: file } })).settings.port, 1)
  })

  it('that cannot be read is refused with the source of its name', async () => {
    await refused(
      { flags: { config: 'no.json' } },
      /^--config: cannot read .*no\.json: there is no such file/,
      /JSON/,
    )
    await refused({ environment: { PLIMSOLL_CONFIG: directory } }, /^PLIMSOLL_CONFIG: .* directory/, /./)
  })
})

describe('the description of the options', () => {
  it('names flags and variables after the keys', () => {
    assert.equal(flagOf('maxFileSize'), '--max-file-size')
    assert.equal(variableOf('maxFileSize'), 'PLIMSOLL_MAX_FILE_SIZE')
  })

  it('can show every default', () => {
    for (const name of OPTION_NAMES) {
      const shown = showSetting(name, OPTIONS[name].fallback)
      assert.doesNotMatch(shown, /undefined|null|\[object/, name)
    }
    assert.equal(showSetting('limit', 1024 ** 3), '1 GiB (1073741824 bytes)')
    assert.equal(showSetting('user', [{ name: 'alice', password: 'secret' }]), 'alice (password hidden)')
  })
})

function load(given: Partial<Given>) {
  return loadSettings({ flags: {}, environment: {}, workingDirectory: directory, ...given })
}

async function refused(given: Partial<Given>, message: RegExp, hint: RegExp): Promise<StartError> {
  const error = await load(given).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof StartError, `refused: ${error}`)
  assert.match(error.message, message)
  assert.match(error.hint, hint)
  return error
}

function configFile(values: unknown): Promise<string> {
  return configText(JSON.stringify(values))
}

let files = 0
async function configText(text: string): Promise<string> {
  files += 1
  const path = join(directory, `${files}.json`)
  await writeFile(path, text)
  return path
}
