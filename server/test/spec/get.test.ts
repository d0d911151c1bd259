import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { head } from '../support/answers.ts'
import { ask } from '../support/ask.ts'
import { MIB } from '../support/content.ts'
import { rawConnection } from '../support/raw.ts'
import { serverWith } from '../support/server.ts'

describe('GET of a collection (RFC 4918 §9.4)', () => {
  it('shows its members and the space to a browser (GET-01, QUOTA-22)', async (test) => {
    const server = await serverWith(test, { limitBytes: 10 * MIB })
    await ask(server, 'PUT /a.txt', { body: Buffer.alloc(MIB) })
    await ask(server, 'MKCOL /folder')

    const { status, headers, text } = await ask(server, 'GET /', { headers: { Accept: 'text/html' } })

    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.match(text, /<a href="\/a\.txt">a\.txt<\/a>/)
    assert.match(text, /<a href="\/folder\/">folder\/<\/a>/)
    assert.match(text, /1 MiB used, 9 MiB free\. The limit is 10 MiB\./)
    assert.doesNotMatch(text, /\.plimsoll/)
  })

  it('escapes the names it shows, and forbids every script (GET-01)', async (test) => {
    const server = await serverWith(test)
    const name = '"><script>alert(1)<'
    mkdirSync(join(server.folder, name))
    writeFileSync(join(server.folder, name, '<img src=x onerror=alert(1)>'), '')

    const { headers, text } = await ask(server, `GET /${encodeURIComponent(name)}/`)

    assert.doesNotMatch(text, /<script|<img/)
    assert.match(text, /&lt;img src=x onerror=alert\(1\)&gt;/)
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /default-src 'none'/)
    assert.doesNotMatch(policy, /script-src|unsafe-inline|unsafe-eval/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
  })

  it('shows every member of a large one, and no links or devices (GET-01)', async (test) => {
    const server = await serverWith(test)
    for (let index = 0; index < 5000; index++) writeFileSync(join(server.folder, `f${index}`), '')
    symlinkSync('/etc/passwd', join(server.folder, 'link'))

    const { text } = await ask(server, 'GET /')

    const links = [...text.matchAll(/<a href="\/(f\d+)">/g)].map(([, name]) => name)
    assert.equal(new Set(links).size, 5000)
    assert.equal(links.length, 5000)
    assert.doesNotMatch(text, /link</)
  })

  it('is answered to HEAD without the page (GET-02)', async (test) => {
    const server = await serverWith(test)

    const { status, headers, bytes } = await ask(server, 'HEAD /')

    assert.deepEqual([status, bytes.byteLength], [200, 0])
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
  })
})

describe('GET of a file (RFC 4918 §9.4)', () => {
  it('keeps pages and drawings of users from scripting our origin (GET-04)', async (test) => {
    const server = await serverWith(test)
    const page = '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>'

    for (const [name, type] of [
      ['page.html', 'text/html'],
      ['drawing.svg', 'image/svg+xml'],
      ['page.xhtml', 'application/xhtml+xml'],
      ['data.xml', 'text/xml'],
      ['unknown', 'text/html'],
    ] as const) {
      await ask(server, `PUT /${name}`, { body: page, headers: { 'Content-Type': type } })
      const { headers } = await ask(server, `GET /${name}`)
      assert.equal(headers['x-content-type-options'], 'nosniff', name)
      const safe =
        /^sandbox(;|$)/.test(String(headers['content-security-policy'])) ||
        /^attachment/.test(headers['content-disposition'] ?? '')
      assert.ok(safe, name)
      assert.doesNotMatch(String(headers['content-security-policy']), /allow-scripts|allow-same-origin/)
    }
  })

  it('sends what it began with, whatever is put in its place meanwhile (GET-05)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.bin', { body: Buffer.alloc(32 * MIB, 'a') })
    const reader = await rawConnection(test, server)

    reader.write(head('GET /a.bin', 'Connection: close'))
    await reader.read(/\r\n\r\na/)
    reader.socket.pause()
    const replaced = await ask(server, 'PUT /a.bin', { body: Buffer.alloc(100, 'b') })
    const fresh = await ask(server, 'GET /a.bin')
    reader.socket.resume()
    const received = await reader.readToEnd()

    const body = received.slice(received.indexOf('\r\n\r\n') + 4)
    assert.deepEqual([replaced.status, fresh.text], [204, 'b'.repeat(100)])
    assert.match(received, /\r\nContent-Length: 33554432\r\n/)
    assert.equal(body.length, 32 * MIB)
    assert.doesNotMatch(body, /[^a]/)
  })

  it('sends what it began with, also when the file is deleted meanwhile (GET-05)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.bin', { body: Buffer.alloc(32 * MIB, 'a') })
    const reader = await rawConnection(test, server)

    reader.write(head('GET /a.bin', 'Connection: close'))
    await reader.read(/\r\n\r\na/)
    reader.socket.pause()
    const deleted = await ask(server, 'DELETE /a.bin')
    reader.socket.resume()
    const received = await reader.readToEnd()

    assert.equal(deleted.status, 204)
    assert.equal(received.length - received.indexOf('\r\n\r\n') - 4, 32 * MIB)
  })

  it('is 404 where nothing is, whatever the name (GET-06)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /a.txt', { body: 'x' })

    for (const target of ['/a', '/zotero/lastsync.prop', '/.DS_Store', '/a.txt/b', '/no/parent', '/con']) {
      for (const method of ['GET', 'HEAD', 'PROPFIND']) {
        assert.equal((await ask(server, `${method} ${target}`)).status, 404, `${method} ${target}`)
      }
    }
  })

  it('of no length has a length of 0 (RFC 9110 §8.6)', async (test) => {
    const server = await serverWith(test)
    await ask(server, 'PUT /empty', { body: '' })

    const { status, headers, bytes } = await ask(server, 'GET /empty')

    assert.deepEqual([status, headers['content-length'], bytes.byteLength], [200, '0', 0])
  })
})
