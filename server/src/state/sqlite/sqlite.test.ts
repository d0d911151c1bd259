import { withSpaces } from '../../../test/conformance/state/harness.ts'
import { stateStoreSuite } from '../../../test/conformance/state-suite.ts'
import { temporaryFolder } from '../../../test/support/folder.ts'
import { sqliteState } from './index.ts'

stateStoreSuite('sqlite', {
  async make(test, spaces = []) {
    const directory = temporaryFolder(test)
    const state = sqliteState({ directory, sharesContentVolume: true, isDurable: false })
    test.after(() => state.close())
    await withSpaces(state, spaces)
    return state
  },
})
