import assert from 'node:assert/strict'
import { childrenOf, parseXml } from '../../support/multistatus.ts'
import { BYTES, copyOf, DISKS, FULL, losingRoom, put, type Row, transfer } from './row.ts'
import { BIG_BYTES, type Look, OLD_BYTES, SMALL_BYTES, TREE_BYTES } from './scene.ts'
import type { Told } from './wire.ts'

const TREE_NAMES = 4

/** COPY, MOVE and DELETE, refused. */
export const ROWS_OF_TREES: readonly Row[] = [
  {
    id: 'MX-23',
    what: 'COPY of a file',
    worlds: [...BYTES, 'names of the folder', 'no inode', ...DISKS],
    wire: transfer('COPY', '/kept', '/new'),
    needs: copyOf('/kept', BIG_BYTES, 1),
  },
  {
    id: 'MX-24',
    what: 'COPY of a file',
    worlds: ['largest file', 'file size of the system'],
    wire: transfer('COPY', '/kept', '/new'),
    answers: { status: 403, condition: 'x:max-file-size' },
  },
  ...(['COPY', 'MOVE'] as const).map((method) => ({
    id: 'MX-24',
    what: `${method} of a file into a folder that takes no such file`,
    worlds: ['largest file of an inner folder'] as const,
    wire: transfer(method, '/kept', '/inner/new'),
    answers: { status: 403, condition: 'x:max-file-size' },
  })),
  {
    id: 'MX-25',
    what: 'COPY of a folder with properties, Depth 0',
    worlds: [...BYTES, 'names of the folder', 'properties of the folder', 'no inode', ...DISKS],
    wire: transfer('COPY', '/tree/sub', '/new', 'Depth: 0'),
    needs: copyOf('/tree/sub', 0, 1),
  },
  {
    id: 'MX-26',
    what: 'COPY of a tree',
    worlds: [...BYTES, 'names of the folder', 'properties of the folder', 'no inode', ...DISKS],
    wire: transfer('COPY', '/tree', '/new'),
    needs: copyOf('/tree', TREE_BYTES, TREE_NAMES),
  },
  {
    id: 'MX-26',
    what: 'COPY of a tree into a folder with less room',
    worlds: ['limit of an inner folder', 'limit of an inner user', 'names of an inner folder'],
    wire: transfer('COPY', '/tree', '/inner/new'),
    needs: copyOf('/tree', TREE_BYTES, TREE_NAMES),
  },
  {
    id: 'MX-29',
    what: 'COPY of a file onto a smaller one, Overwrite T',
    worlds: BYTES,
    wire: transfer('COPY', '/kept', '/old', 'Overwrite: T'),
    needs: (before) => ({ growth: (copyOf('/kept', BIG_BYTES, 1)(before).growth ?? 0) - OLD_BYTES }),
  },
  {
    id: 'MX-29',
    what: 'COPY of a file onto a smaller one, Overwrite T',
    worlds: ['no inode', ...DISKS],
    wire: transfer('COPY', '/kept', '/old', 'Overwrite: T'),
    needs: copyOf('/kept', BIG_BYTES, 1),
  },
  {
    id: 'MX-29',
    what: 'COPY of a tree onto a file, Overwrite T',
    worlds: ['names of the folder'],
    wire: transfer('COPY', '/tree', '/old', 'Overwrite: T'),
    needs: { names: TREE_NAMES - 1 },
  },
  {
    id: 'MX-31',
    what: 'MOVE of a file into a folder with less room',
    worlds: ['limit of an inner folder', 'limit of an inner user', 'names of an inner folder'],
    wire: transfer('MOVE', '/kept', '/inner/new'),
    needs: copyOf('/kept', BIG_BYTES, 1),
  },
  {
    id: 'MX-31',
    what: 'MOVE of a tree into a folder with less room',
    worlds: ['limit of an inner folder', 'limit of an inner user', 'names of an inner folder'],
    wire: transfer('MOVE', '/tree', '/inner/new'),
    needs: copyOf('/tree', TREE_BYTES, TREE_NAMES),
  },
  {
    id: 'MX-33',
    what: 'MOVE of a file onto a smaller one in a folder with less room, Overwrite T',
    worlds: ['limit of an inner folder', 'limit of an inner user'],
    wire: transfer('MOVE', '/kept', '/inner/old', 'Overwrite: T'),
    needs: (before) => ({ growth: (copyOf('/kept', BIG_BYTES, 1)(before).growth ?? 0) - 1000 }),
  },
  {
    id: 'MX-33',
    what: 'MOVE of a tree onto a file in a folder with fewer names, Overwrite T',
    worlds: ['names of an inner folder'],
    wire: transfer('MOVE', '/tree', '/inner/old', 'Overwrite: T'),
    needs: { names: TREE_NAMES - 1 },
  },
  {
    id: 'cause L',
    what: 'COPY of a file',
    worlds: ['read-only disk'],
    wire: transfer('COPY', '/old', '/new'),
  },
  {
    id: 'cause L',
    what: 'MOVE of a file',
    worlds: ['read-only disk'],
    wire: transfer('MOVE', '/old', '/new'),
  },
  {
    id: 'cause L',
    what: 'DELETE of a file',
    worlds: ['read-only disk'],
    wire: () => ({ line: 'DELETE /old' }),
  },
]

/** Members that found no room are named and are not there; all others are there. */
function partly(told: Told, { members }: Look): void {
  const failed = childrenOf(parseXml(told.text), 'DAV:response').map((response) => [
    childrenOf(response, 'DAV:href')[0]?.text ?? '',
    childrenOf(response, 'DAV:status')[0]?.text,
    childrenOf(response, 'DAV:error')[0]?.children[0]?.name,
  ])
  assert.ok(failed.length > 0)
  for (const [, ...verdict] of failed)
    assert.deepEqual(verdict, ['HTTP/1.1 507 Insufficient Storage', 'DAV:sufficient-disk-space'])
  const missing = new Set(failed.map(([href]) => href))
  for (const [path, member] of Object.entries(members)) {
    if (!path.startsWith('/many/')) continue
    const copy = path.replace('/many/', '/copy/')
    assert.equal(members[copy]?.sha, missing.has(copy) ? undefined : member?.sha, copy)
  }
}

const READABLE = [...FULL, 'read-only disk'] as const

/** Reading, and the way out of a full disk, in this order. */
export const ROWS_OF_THE_WAY_OUT: readonly Row[] = [
  {
    id: 'MX-27',
    what: 'COPY of a tree, when another program takes the room meanwhile',
    worlds: ['disk that fills up meanwhile'],
    wire: losingRoom(transfer('COPY', '/many', '/copy')),
    answers: 207,
    // A completely full btrfs has no room to rename what was copied, unless the state has given some up for its rows.
    orRefusedOn: 'btrfs',
    also: partly,
  },
  {
    id: 'MX-28',
    what: 'COPY of a tree with properties, when the state loses its room meanwhile',
    worlds: ['state that fills up meanwhile'],
    wire: losingRoom(transfer('COPY', '/many', '/copy')),
    answers: 207,
    also: partly,
  },
  ...[
    { method: 'GET', line: 'GET /kept', status: 200 },
    { method: 'HEAD', line: 'HEAD /kept', status: 200 },
    { method: 'OPTIONS', line: 'OPTIONS /kept', status: 200 },
    { method: 'GET of a folder', line: 'GET /tree/', status: 200 },
    { method: 'PROPFIND', line: 'PROPFIND /', status: 207 },
  ].map(({ method, line, status }) => ({
    id: 'MX-35',
    what: method,
    worlds: READABLE,
    wire: () => ({ line, fields: ['Depth: 1'] }),
    answers: status,
  })),
  {
    id: 'MX-30',
    what: 'MOVE of a file to a new name',
    worlds: FULL,
    wire: transfer('MOVE', '/old', '/moved'),
    answers: 201,
  },
  {
    id: 'MX-30',
    what: 'MOVE of a tree to a new name',
    worlds: FULL,
    wire: transfer('MOVE', '/tree', '/elsewhere'),
    answers: 201,
  },
  {
    id: 'MX-30',
    what: 'MOVE of a file onto another, Overwrite T',
    worlds: FULL,
    wire: transfer('MOVE', '/moved', '/elsewhere/one', 'Overwrite: T'),
    answers: 204,
  },
  {
    id: 'MX-30',
    what: 'MOVE of a folder onto another, Overwrite T',
    worlds: FULL,
    wire: transfer('MOVE', '/elsewhere/sub', '/inner', 'Overwrite: T'),
    answers: 204,
  },
  {
    id: 'MX-34',
    what: 'DELETE of a file',
    worlds: FULL,
    wire: () => ({ line: 'DELETE /kept' }),
    answers: 204,
  },
  {
    id: 'MX-34',
    what: 'PUT into the room that the DELETE has made',
    worlds: [...BYTES, 'names of the folder', 'quota of the system'],
    wire: put('/new', SMALL_BYTES),
    answers: 201,
  },
  {
    id: 'MX-34',
    what: 'PUT into the room that the DELETE has made',
    worlds: ['full disk'],
    // On btrfs one MiB goes into what is kept free; full-disk.test.ts shows it with more.
    fileSystems: ['tmpfs', 'ext4'],
    wire: put('/new', SMALL_BYTES),
    answers: 201,
  },
  {
    id: 'MX-34',
    what: 'DELETE of a tree',
    worlds: FULL,
    wire: () => ({ line: 'DELETE /elsewhere' }),
    answers: 204,
  },
]
