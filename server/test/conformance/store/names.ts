import assert from 'node:assert/strict'
import {
  at,
  list,
  makeCollection,
  measure,
  read,
  remove,
  type StoreCase,
  withCode,
  write,
} from './harness.ts'

const NAMES = [
  'with space',
  ' leading and trailing ',
  '100%',
  '%41',
  '%2F',
  'a+b&c=d',
  '#?*:;|"<>\'',
  '~',
  '.hidden',
  '..more',
  'trailing.',
  '-rf',
  'con',
  'ünïcode',
  '日本語',
  '😀',
  'e\u0301\u0323',
  '\u200bzero width',
  'x'.repeat(255),
  'ü'.repeat(127),
]
const NFC = 'caf\u00e9'
const NFD = 'cafe\u0301'

export function nameCases(it: StoreCase): void {
  it('gives every name back as it was stored (URI-13)', async (subject) => {
    for (const name of NAMES) await write(subject, `/${name}`, name)
    await makeCollection(subject, '/100% ünïcode')
    await write(subject, '/100% ünïcode/a b', 'deep')

    assert.deepEqual(await list(subject, '/'), [...NAMES, '100% ünïcode'].map((name) => `/${name}`).sort())
    for (const name of NAMES) assert.equal(await read(subject, `/${name}`), name, name)
    assert.deepEqual(await list(subject, '/100% ünïcode'), ['/100% ünïcode/a b'])
  })

  for (const [stored, asked, form] of [
    [NFD, NFC, 'decomposed name by its composed form'],
    [NFC, NFD, 'composed name by its decomposed form'],
  ] as const) {
    it(`finds a ${form}, at every level (URI-13)`, async (subject) => {
      await makeCollection(subject, `/${stored}`)
      await write(subject, `/${stored}/${stored}`, 'coffee')

      const found = await subject.store.resolve(at(`/${asked}/${asked}`))

      assert.equal(found, `/${stored}/${stored}`)
      assert.deepEqual(await list(subject, '/'), [`/${stored}`])
    })
  }

  it('keeps the exact name where both forms are there, and the sent one where neither is (URI-13)', async (subject) => {
    await write(subject, `/${NFC}`, 'composed')
    await write(subject, `/${NFD}`, 'decomposed')

    for (const name of [NFC, NFD, 'nai\u0308ve', 'na\u00efve/below', 'plain', 'plain/a b']) {
      assert.equal(await subject.store.resolve(at(`/${name}`)), `/${name}`)
    }
    assert.equal(await read(subject, `/${NFC}`), 'composed')
    assert.equal(await read(subject, `/${NFD}`), 'decomposed')
  })

  it('tells upper from lower case', async (subject) => {
    await write(subject, '/a', 'small')
    await write(subject, '/A', 'large')

    assert.equal(await read(subject, '/a'), 'small')
    await remove(subject, '/A')
    assert.deepEqual(await list(subject, '/'), ['/a'])
  })

  it('says that a name is too long before a byte is stored (URI-19)', async (subject) => {
    const tooLong = at(`/${'ü'.repeat(128)}`)

    await assert.rejects(subject.store.stage(tooLong, 'too-long'), withCode('target-too-long'))
    await assert.rejects(subject.store.stageCollection(tooLong, 'too-long'), withCode('target-too-long'))

    assert.equal(await subject.store.discardStrays(new Set()), 0)
  })

  it('makes no tree so deep that it cannot be listed, measured and removed again (URI-19)', async (subject) => {
    let path = ''
    const refusal = await deepen(async () => {
      path += `/${'d'.repeat(250)}`
      await makeCollection(subject, path)
    })

    assert.ok(refusal === null || withCode('target-too-long')(refusal))
    const { entries } = await measure(subject, '/')
    assert.ok(entries > 8, 'a path of two thousand bytes is no problem')
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/')))
      await list(subject, at).catch(() => {})
    await remove(subject, `/${'d'.repeat(250)}`)
    assert.deepEqual(await list(subject, '/'), [])
    assert.equal(await subject.store.discardStrays(new Set()), 0)
  })
}

/** Repeats until it is refused, but not for ever. @returns the refusal */
async function deepen(step: () => Promise<void>): Promise<unknown> {
  for (let level = 0; level < 40; level += 1) {
    try {
      await step()
    } catch (error) {
      return error
    }
  }
  return null
}
