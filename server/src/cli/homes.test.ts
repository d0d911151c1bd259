import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Given, loadSettings } from '../config/load.ts'
import { spacesOf } from './homes.ts'

async function spacesWith(flags: Given['flags'], users: readonly string[] | null = ['alice', 'bob']) {
  const given = { flags: { folder: '/srv', ...flags }, environment: {}, workingDirectory: '/' }
  return spacesOf(await loadSettings(given), users)
}

describe('the collections that the settings give limits', () => {
  it('are those that are named and a home for each user, who may have limits of their own', async () => {
    const spaces = await spacesWith({
      home: '/home',
      homeLimit: '1000',
      space: ['/team:limit=5', '/home/bob:limit=50,entries=3'],
    })

    assert.deepEqual(
      spaces.map(({ path, kind, limits }) => [path, kind, limits.limitBytes, limits.limitEntries]),
      [
        ['/team', 'collection', 5, null],
        ['/home/bob', 'user', 50, 3],
        ['/home/alice', 'user', 1000, null],
      ],
    )
  })

  it('are none unless some are named', async () => {
    assert.deepEqual(await spacesWith({}, null), [])
  })

  for (const [what, flags, users, problem] of [
    [
      'a limit of homes that are not to be',
      { homeLimit: '5' },
      ['alice'],
      /^--home-limit limits the folders/,
    ],
    ['homes of nobody', { home: '/home' }, null, /^--home is for the folders of users, and there are none/],
    [
      'two limits of the root',
      { limit: '10', space: ['/:limit=5'] },
      null,
      /^the root is given two limits, by --limit and by --space/,
    ],
    ['a name no folder can have', { home: '/home' }, ['a/b'], /no folder can be called "a\/b"/],
  ] as const) {
    it(`refuse ${what}`, async () => {
      await assert.rejects(spacesWith(flags, users), (error: Error) => problem.test(error.message))
    })
  }
})
