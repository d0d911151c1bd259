import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import {
  at,
  mkcol,
  putText,
  removeAt,
  requireSettled,
  sceneOf,
  UNCONDITIONAL,
  visible,
} from '../../test/fault/harness.ts'
import { lock } from '../../test/fault/scenes.ts'
import type { Deps } from './deps.ts'

interface Meanwhile {
  readonly what: string
  readonly happens: (deps: Deps) => Promise<void>
  readonly code: string
}

const MEANWHILE: readonly Meanwhile[] = [
  { what: 'its collection is removed', happens: (deps) => removeAt(deps, '/c'), code: 'parent-missing' },
  {
    what: 'a collection takes its name',
    async happens(deps) {
      await removeAt(deps, '/c/a')
      await mkcol(deps, '/c/a')
    },
    code: 'method-not-allowed',
  },
  { what: 'somebody else locks it', happens: (deps) => lock(deps, '/c/a'), code: 'locked' },
  {
    what: 'somebody else replaces it, which If-Match forbids',
    happens: (deps) => putText(deps, '/c/a', 'of somebody else'),
    code: 'precondition-failed',
  },
]

describe('while the body of a PUT arrives', () => {
  for (const { what, happens, code } of MEANWHILE) {
    it(`${what}: checked a second time, it is refused and changes nothing (PUT-09)`, async (test) => {
      const { deps, folder } = await scene(test)
      const before = await deps.store.stat(at('/c/a'))
      const tag = { weak: false, tag: before?.etag ?? '' }
      const conditions = { ...UNCONDITIONAL.conditions, ifMatch: [tag] }
      let seen: readonly string[] = []
      async function* body() {
        yield Buffer.from('new ')
        await happens(deps)
        seen = await visible(deps, folder)
        yield Buffer.from('content')
      }

      const putting = putText(deps, '/c/a', '', {
        body: body(),
        guard: code === 'precondition-failed' ? { ...UNCONDITIONAL, conditions } : UNCONDITIONAL,
      })

      await assert.rejects(putting, { code })
      assert.deepEqual(await visible(deps, folder), seen)
      await requireSettled(deps, folder)
    })
  }
})

async function scene(test: TestContext): Promise<{ deps: Deps; folder: string }> {
  const { deps, folder } = sceneOf(test)
  await mkcol(deps, '/c')
  await putText(deps, '/c/a', 'old content')
  return { deps, folder }
}
