import { cellsOn, WITHOUT_CELL } from '../test/no-room/matrix/cells.ts'
import { FILE_SYSTEMS } from '../test/no-room/matrix/world.ts'

// Prints the cells of the no-room matrix, as server/test/no-room/matrix-*.test.ts goes through them: the row of
// docs/requirements.md, section 2, the situation, the cause, and the status on each file system that has it.

const byLine = new Map<string, string[]>()
for (const fileSystem of FILE_SYSTEMS) {
  for (const cells of cellsOn(fileSystem).values()) {
    for (const { row, worldName, world, status } of cells) {
      const line = [row.id.padEnd(8), row.what.padEnd(72), world.cause.padEnd(6), worldName.padEnd(29)].join(
        ' ',
      )
      byLine.set(line, [...(byLine.get(line) ?? []), `${fileSystem} ${status}`])
    }
  }
}
for (const [line, statuses] of [...byLine].sort(([a], [b]) => a.localeCompare(b, 'en'))) {
  console.log(`${line} ${statuses.join(', ')}`)
}
const count = [...byLine.values()].reduce((sum, statuses) => sum + statuses.length, 0)
console.log(`\n${count} cells\n`)
for (const [rows, reason] of Object.entries(WITHOUT_CELL))
  console.log(`${rows.padEnd(16)} no cell: ${reason}`)
