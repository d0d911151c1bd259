import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  depsIn,
  mkcol,
  putText,
  removeAt,
  requireSettled,
  sceneOf,
  visible,
} from '../../test/fault/harness.ts'
import { temporaryFolder } from '../../test/support/folder.ts'
import type { Deps } from './deps.ts'
import { DavError } from './errors.ts'
import { NO_LIMITS } from './ledger.ts'
import { ROOT } from './path.ts'
import { keepLeases } from './recover.ts'

describe('a claim that cannot be released because the state has no room', () => {
  for (const [what, next] of [
    ['the next claim', (deps: Deps) => putText(deps, '/fits', 'x'.repeat(90))],
    ['the next look at the leases', (deps: Deps) => keepLeases(deps)],
  ] as const) {
    it(`is released by ${what}, and what was to be answered is answered (STOR-08)`, async (test) => {
      const folder = temporaryFolder(test)
      const deps = depsIn(folder, { growthStepBytes: 1 })
      test.after(() => deps.close())
      const limits = { ...NO_LIMITS, limitBytes: 100 }
      await deps.state.ledger.setSpace({ path: ROOT, kind: 'collection', limits })
      const full = withoutRelease(deps)

      await assert.rejects(putText(full, '/new', 'cut short', { declaredBytes: 80 }), {
        code: 'body-incomplete',
      })
      const [meanwhile] = await deps.state.ledger.enclosing(ROOT)
      await next(deps)

      assert.equal(meanwhile?.reservedBytes, 80)
      assert.deepEqual(
        await visible(deps, folder),
        what === 'the next claim' ? [`/fits ${'x'.repeat(90)} (text/x-90)`] : [],
      )
      await requireSettled(deps, folder)
    })
  }

  it('keeps nobody from deleting what it was for, which makes the room (DEL-09)', async (test) => {
    const { deps, folder } = sceneOf(test)
    await mkcol(deps, '/c')
    const full = withoutRelease(deps)
    const stage: Deps['store']['stage'] = async (...what) =>
      Object.assign(await deps.store.stage(...what), { commit: noRoom })
    await assert.rejects(putText({ ...full, store: { ...deps.store, stage } }, '/c/a', 'content'), {
      code: 'disk-full',
    })

    await removeAt(full, '/c')
    await keepLeases(deps)

    assert.deepEqual(await visible(deps, folder), [])
    await requireSettled(deps, folder)
  })
})

function withoutRelease(deps: Deps): Deps {
  return { ...deps, state: { ...deps.state, ledger: { ...deps.state.ledger, release: noRoom } } }
}

async function noRoom(): Promise<never> {
  throw new DavError('disk-full', 'no room for the row', { shortage: { cause: 'disk-bytes' } })
}
