import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { eventually } from '../../support/eventually.ts'
import { childrenOf, parseXml } from '../../support/multistatus.ts'
import { refusalIn } from '../../support/refusal.ts'
import { cannotMake } from '../../support/small-disk.ts'
import { missingTool } from '../../support/tools.ts'
import { type FileSystem, mountedVolume } from '../../support/volume.ts'
import { type Cell, cellsOn } from './cells.ts'
import { chargedIn, type Look, lookAt, type Scene, spaceIn } from './scene.ts'
import { send, type Told } from './wire.ts'
import { type Disk, type Refused, SIZE_BYTES } from './world.ts'

/** Goes through all cells of a file system: one disk for all, one server for each way to have no room. */
export function matrixOn(fileSystem: FileSystem): void {
  const skip = cannotMake({ type: fileSystem }) || missingTool('prlimit', ...extraTools(fileSystem))
  it(`the no-room matrix on ${fileSystem} (MX-01 to MX-18, MX-20 to MX-31, MX-33 to MX-35, MX-53 to MX-55)`, {
    skip,
  }, async (test) => {
    const at = mountedVolume(test, fileSystem, { sizeBytes: SIZE_BYTES[fileSystem] })
    for (const [worldName, cells] of cellsOn(fileSystem)) {
      await test.test(worldName, (inWorld) => world(inWorld, { type: fileSystem, at }, cells))
    }
  })
}

function extraTools(fileSystem: FileSystem): readonly string[] {
  return fileSystem === 'btrfs' ? ['btrfs'] : []
}

async function world(test: TestContext, disk: Disk, cells: readonly Cell[]): Promise<void> {
  const scene = await cells[0]?.world.begin(test, disk)
  if (scene === undefined) return
  try {
    for (const cell of cells) {
      await test.test(`${cell.row.id} ${cell.row.what}: ${cell.status}`, (inCell) =>
        judge(inCell, scene, cell),
      )
    }
  } finally {
    await scene.end()
  }
}

async function judge(test: TestContext, scene: Scene, cell: Cell): Promise<void> {
  const { row } = cell
  const before = await lookAt(scene)
  const wire = row.wire(scene)
  const requests = scene.received?.(wire.line).length ?? 0

  const asking = () => send(test, scene, wire)
  const told = await (cell.world.during?.(scene, asking) ?? asking())

  const context = `${told.status} ${told.text}`
  const refused = told.status === cell.world.status && row.orRefusedOn === cell.fileSystem
  if (!refused) assert.equal(told.status, cell.status, context)
  const announced = told.headers.get('connection') === 'close'
  assert.notEqual(told.kept, announced, context)
  if (row.closes !== 'perhaps') assert.equal(announced, row.closes === true, context)
  assert.equal(told.continued, false, 'a 100 Continue came')
  const after = await lookAt(scene)
  assert.deepEqual(after.strays, before.strays, 'something staged was left')
  if (typeof row.answers === 'number' && !refused) {
    row.also?.(told, after)
    requireTrue(after)
    return
  }
  requireRefusal(cell, told, before)
  assert.deepEqual(after, before)
  await requireTaken(scene, cell, { line: wire.line, before: requests })
}

function requireRefusal(cell: Cell, told: Told, before: Look): void {
  const { row } = cell
  const needs = typeof row.needs === 'function' ? row.needs(before) : row.needs
  const expected = typeof row.answers === 'object' ? row.answers : cell.world.refusal(needs ?? {}, before)
  if (row.inPropstat) {
    requireRefusalOfProperty(told, expected)
    return
  }
  const { condition, storage } = refusalIn(told.text)
  assert.equal(condition, expected.condition, told.text)
  const wanted = Object.entries(expected.storage ?? {}).filter(([, value]) => value !== undefined)
  const found = wanted.map(([name]) => [name, storage[name]])
  assert.deepEqual(found, wanted, told.text)
  const { needed, available } = storage
  assert.ok(needed === undefined || available === undefined || needed > available, told.text)
  assert.equal(told.headers.has('retry-after'), expected.header === 'retry-after', 'Retry-After')
}

/** The first property that does not fit has the status of the shortage, the other one 424. */
function requireRefusalOfProperty(told: Told, { status, condition }: Refused): void {
  const verdicts = childrenOf(parseXml(told.text), 'DAV:response')
    .flatMap((response) => childrenOf(response, 'DAV:propstat'))
    .map((propstat) => [
      childrenOf(propstat, 'DAV:prop')[0]?.children.map(({ name }) => name),
      childrenOf(propstat, 'DAV:status')[0]?.text.slice('HTTP/1.1 '.length, 'HTTP/1.1 '.length + 3),
      childrenOf(propstat, 'DAV:error')[0]?.children[0]?.name.replace('DAV:', 'D:'),
    ])
  assert.deepEqual(verdicts, [
    [['{urn:z}big'], String(status), condition],
    [['{urn:z}small'], '424', undefined],
  ])
}

/** Bytes that the answer says were not read have not been read, whatever the client sent. */
async function requireTaken(scene: Scene, { row }: Cell, { line, before }: { line: string; before: number }) {
  const { received } = scene
  if (row.takes === undefined || received === null) return
  await eventually(`the server has done with ${line}`, () => received(line).length > before)
  const bytes = received(line).at(-1) ?? 0
  assert.ok(row.takes === 'nothing' ? bytes === 0 : bytes > 0, `${bytes} bytes of the body were read`)
}

/** Nothing is promised any more, and the counters are what is there. */
function requireTrue(look: Look): void {
  const { rows, members } = look
  const reserved = (rows.space ?? []).filter((row) => row.reserved_bytes !== 0 || row.reserved_entries !== 0)
  assert.deepEqual({ claims: rows.claim, reserved }, { claims: [], reserved: [] })
  const files = Object.values(members)
  const bytes = files.reduce((sum, file) => sum + (file?.bytes ?? 0), 0)
  const { used_bytes, used_entries } = spaceIn(look, '/')
  assert.deepEqual([used_bytes, used_entries], [bytes + chargedIn(look, '/'), files.length])
}
