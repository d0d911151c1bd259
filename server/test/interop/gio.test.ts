import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../support/ask.ts'
import { KIB, MIB, randomBytes, sha256 } from '../support/content.ts'
import { serverWith, type TestServer } from '../support/server.ts'
import { type GioSession, gioSession, noGio, noGioMounts } from './gio-session.ts'
import type { Ended } from './program.ts'
import { checksumsOf, differences, makeTree } from './tree.ts'

describe('gio of GNOME', { skip: noGio() }, () => {
  it('copies a tree of 1,000 files in 20 folders in and out unchanged (GVFS-02)', async (test) => {
    const { server, gio } = await session(test)
    makeTree(folderIn(gio, 'tree'), { files: 1000, folders: 20 })
    folderIn(gio, 'back')

    succeeded(await gio.script(COPY_IN))
    const stored = checksumsOf(join(server.folder, 'tree'))
    succeeded(await gio.script(COPY_OUT))

    const expected = checksumsOf(join(gio.home, 'tree'))
    assert.equal(Object.keys(expected).length, 1020)
    assert.deepEqual(differences(stored, expected), [])
    assert.deepEqual(differences(checksumsOf(join(gio.home, 'back', 'tree')), expected), [])
    assert.equal((await server.space()).usedBytes, server.countedBytes())
  })

  it('renames, moves, copies, overwrites and removes files and folders (GVFS-02)', async (test) => {
    const { server, gio } = await session(test)
    writeFileSync(join(gio.home, 'a #%.txt'), 'one')

    succeeded(
      await gio.script(`
        gio mkdir "$DAV/folder"
        gio copy "$HOME/a #%.txt" "$DAV/folder/"
        gio rename "$DAV/folder/a%20%23%25.txt" 'b?.txt'
        gio copy "$DAV/folder/b%3F.txt" "$DAV/copy.txt"
        gio move "$DAV/folder/b%3F.txt" "$DAV/moved.txt"
        echo two | gio save "$DAV/moved.txt"
        gio rename "$DAV/folder" renamed
        gio copy "$DAV/copy.txt" "$DAV/doomed.txt"
        gio remove "$DAV/doomed.txt"
        gio mkdir "$DAV/gone"
        gio remove "$DAV/gone"`),
    )

    assert.deepEqual(Object.keys(checksumsOf(server.folder)), ['copy.txt', 'moved.txt', 'renamed'])
    assert.equal(readFileSync(join(server.folder, 'copy.txt'), 'utf8'), 'one')
    assert.equal(readFileSync(join(server.folder, 'moved.txt'), 'utf8'), 'two\n')
  })

  it('shows the space of the server, and a file as it is (GVFS-01)', async (test) => {
    const { server, gio } = await session(test, 100 * KIB)
    await ask(server, 'PUT /a.txt', { body: randomBytes(30 * KIB) })

    const { stdout } = succeeded(await gio.script('gio info -f "$DAV/"; gio info "$DAV/a.txt"'))

    const said = (name: string) => new RegExp(`^ *${name}: (.*)$`, 'm').exec(stdout)?.[1]
    assert.equal(said('filesystem::size'), String(100 * KIB))
    assert.equal(said('filesystem::free'), String(70 * KIB))
    assert.equal(said('filesystem::used'), String(30 * KIB))
    assert.equal(said('standard::size'), String(30 * KIB))
    assert.equal(said('standard::content-type'), 'text/plain')
    assert.match(said('etag::value') ?? '', /^"[^"]+"$/)
  })

  it('says "Insufficient Storage" once for what does not fit, and the old file stays (GVFS-02)', async (test) => {
    const { server, gio } = await session(test, 100 * KIB)
    const old = randomBytes(60 * KIB)
    await ask(server, 'PUT /old.bin', { body: old })
    writeFileSync(join(gio.home, 'big.bin'), randomBytes(200 * KIB))

    const { stderr } = succeeded(
      await gio.script(`
        ! gio copy "$HOME/big.bin" "$DAV/new.bin"
        ! gio copy "$HOME/big.bin" "$DAV/old.bin"
        ! gio copy "$DAV/old.bin" "$DAV/copy.bin"`),
    )

    assert.equal(stderr.match(/Insufficient Storage/g)?.length, 3, stderr)
    const refused = server.log.requests.filter(({ status }) => status === 507)
    assert.deepEqual(
      refused.map(({ method, path }) => `${method} ${path}`),
      ['PUT /new.bin', 'PUT /old.bin', 'COPY /old.bin'],
    )
    assert.deepEqual(checksumsOf(server.folder), { 'old.bin': sha256(old) })
  })

  it('does not save over what somebody else saved meanwhile (GVFS-02)', async (test) => {
    const { server, gio } = await session(test)
    const { headers } = await ask(server, 'PUT /a.txt', { body: 'one' })
    await ask(server, 'PUT /a.txt', { body: 'by somebody else' })

    const { stderr } = succeeded(
      await gio.script(`! echo two | gio save --etag '${headers.etag}' "$DAV/a.txt"`),
    )

    assert.match(stderr, /externally modified/)
    assert.equal((await ask(server, 'GET /a.txt')).text, 'by somebody else')
  })
})

describe('a mount of GNOME', { skip: noGioMounts() }, () => {
  it('carries a tree of 1,000 files in 20 folders in and out unchanged (GVFS-02)', async (test) => {
    const { server, gio } = await session(test)
    makeTree(folderIn(gio, 'tree'), { files: 1000, folders: 20 })
    folderIn(gio, 'back')

    succeeded(await gio.script(`${AWAIT_MOUNT}; cp -r "$HOME/tree" "$MOUNT/"`))
    const stored = checksumsOf(join(server.folder, 'tree'))
    succeeded(await gio.script(`${AWAIT_MOUNT}; cp -r "$MOUNT/tree" "$HOME/back/"`))

    const expected = checksumsOf(join(gio.home, 'tree'))
    assert.deepEqual(differences(stored, expected), [])
    assert.deepEqual(differences(checksumsOf(join(gio.home, 'back', 'tree')), expected), [])
  })

  it('edits as programs do, and fails where the server is full (GVFS-01, GVFS-02)', async (test) => {
    const { server, gio } = await session(test, 10 * MIB)

    const { stdout } = succeeded(
      await gio.script(`${AWAIT_MOUNT}
        cd "$MOUNT"
        echo one > a.txt
        echo two > a.txt.tmp
        mv a.txt.tmp a.txt
        mkdir -p folder/below
        mv a.txt folder/b.txt
        rmdir folder/below
        head -c 4194304 /dev/urandom > c.bin
        df -B1 --output=avail . | tail -n 1
        ! head -c 8388608 /dev/urandom > d.bin
        rm c.bin
        cd /`),
    )

    assert.equal(Number(stdout.trim().split('\n').at(-1)), 6 * MIB - 4096)
    assert.ok(server.log.refusals.length > 0)
    assert.equal(readFileSync(join(server.folder, 'folder', 'b.txt'), 'utf8'), 'two\n')
    assert.ok((await server.space()).usedBytes <= 10 * MIB)
  })
})

// One call of gio for each folder: it copies no folders, and starting it a thousand times would take a minute.
const COPY_IN = `cd "$HOME"
find tree -type d | sort | while read -r folder; do
  url="$DAV/$(printf %s "$folder" | sed 's/ /%20/g')"
  gio mkdir "$url"
  find "$folder" -maxdepth 1 -type f -print0 | xargs -0 -r sh -c 'to=$1; shift; gio copy "$@" "$to/"' sh "$url"
done`

const COPY_OUT = `cd "$HOME/back"
list() { gio list -u -l -h "$1" | awk -F '\\t' -v type="$2" '$3 == type { print $1 }'; }
copy_out() {
  mkdir "$2"
  list "$1" '(regular)' | xargs -d '\\n' -r sh -c 'to=$1; shift; gio copy "$@" "$to/"' sh "$2"
  list "$1" '(directory)' | while read -r url; do
    copy_out "$url" "$2/$(basename "$url" | sed 's/%20/ /g')"
  done
}
copy_out "$DAV/tree" tree`

// The file system appears a moment after the daemon.
const AWAIT_MOUNT = 'for i in $(seq 100); do [ -d "$MOUNT" ] && break; sleep 0.1; done'

async function session(
  test: TestContext,
  limitBytes = 64 * MIB,
): Promise<{ server: TestServer; gio: GioSession }> {
  const server = await serverWith(test, { limitBytes })
  return { server, gio: gioSession(test, server) }
}

function folderIn({ home }: GioSession, name: string): string {
  const folder = join(home, name)
  mkdirSync(folder)
  return folder
}

function succeeded(ended: Ended): Ended {
  assert.equal(ended.code, 0, ended.stdout + ended.stderr)
  return ended
}
