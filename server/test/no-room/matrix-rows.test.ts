import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { idsIn } from '../../scripts/test-titles.ts'
import { cellsOn, WITHOUT_CELL } from './matrix/cells.ts'
import { FILE_SYSTEMS } from './matrix/world.ts'

describe('the no-room matrix', () => {
  const cells = FILE_SYSTEMS.flatMap((fileSystem) => [...cellsOn(fileSystem).values()].flat())

  it('has a cell for every row of the requirements, or a reason why there is none', () => {
    const rows = idsIn('MX-01 to MX-56')

    const covered = new Set([
      ...cells.flatMap(({ row }) => idsIn(row.id)),
      ...idsIn(Object.keys(WITHOUT_CELL).join()),
    ])

    assert.deepEqual(
      rows.filter((id) => !covered.has(id)),
      [],
    )
  })

  it('has no way to have no room in which nothing is asked', () => {
    const empty = FILE_SYSTEMS.flatMap((fileSystem) =>
      [...cellsOn(fileSystem)].filter(([, row]) => row.length === 0).map(([worldName]) => worldName),
    )

    assert.deepEqual(empty, [])
  })
})
