import { resourceStoreSuite } from '../../../test/conformance/store-suite.ts'
import { temporaryFolder } from '../../../test/support/folder.ts'
import type { Tx } from '../../core/tx.ts'
import { folderStore } from './index.ts'

for (const durability of ['full', 'none'] as const) {
  resourceStoreSuite(`folder (durability ${durability})`, {
    make(test) {
      const folder = temporaryFolder(test)
      const store = folderStore({ folder, durability, nowMs: Date.now })
      test.after(() => store.close())
      return { store, folder, inTx: (work) => work({} as Tx) }
    },
  })
}
