import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, ask } from '../support/ask.ts'
import { asking, propfind } from '../support/multistatus.ts'
import { serverWith } from '../support/server.ts'
import { grantedSeconds, lock } from './lock-request.ts'

// What Microsoft Office sends when it opens and saves a document by its URL, replayed; it runs nowhere else.
const AGENT = { 'User-Agent': 'Microsoft Office Word 2016', 'X-Office-Major-Version': '16' }
const DOCUMENT = '/Annual%20report.docx'

describe('Microsoft Office', () => {
  it('is not told of MS-WDV, which would oblige to lock headers on GET and PUT (OFF-04)', async (test) => {
    const server = await serverWith(test)
    await ask(server, `PUT ${DOCUMENT}`, { body: 'old' })

    for (const line of ['OPTIONS /', `OPTIONS ${DOCUMENT}`, `GET ${DOCUMENT}`]) {
      const answer = await ask(server, line, { headers: { ...AGENT, 'X-MSDAVEXT_Error': '0' } })
      const stated = Object.keys(answer.headers).filter((name) => name.startsWith('x-msdavext'))
      assert.deepEqual([answer.status, stated], [200, []], line)
    }
  })

  it('opens for editing: the lock it asks for is granted for three minutes at least (OFF-01)', async (test) => {
    const server = await serverWith(test)
    await ask(server, `PUT ${DOCUMENT}`, { body: 'old' })

    for (const timeout of ['Second-180', 'Second-3600', 'Infinite', 'Infinite, Second-4100000000']) {
      const { answer, token } = await lock(server, DOCUMENT, { headers: { ...AGENT, Timeout: timeout } })
      assert.equal(answer.status, 200, timeout)
      assert.ok(grantedSeconds(answer) >= 180, answer.text)
      await ask(server, `UNLOCK ${DOCUMENT}`, { headers: { 'Lock-Token': `<${token}>` } })
    }
  })

  it('keeps its lock by refreshing it, and others stay out (OFF-01)', async (test) => {
    const server = await serverWith(test)
    await ask(server, `PUT ${DOCUMENT}`, { body: 'old' })
    const { submitted } = await lock(server, DOCUMENT, { headers: { ...AGENT, Timeout: 'Second-2' } })

    await wait(1000)
    const refreshed = await ask(server, `LOCK ${DOCUMENT}`, {
      headers: { ...AGENT, If: submitted, Timeout: 'Second-180' },
    })
    await wait(1500)
    const other = await lock(server, DOCUMENT, { owner: 'somebody else' })
    const stranger = await ask(server, `PUT ${DOCUMENT}`, { body: 'by somebody else' })

    assert.equal(refreshed.status, 200)
    assert.equal(grantedSeconds(refreshed), 180)
    assert.deepEqual([other.answer.status, stranger.status], [423, 423])
  })

  it('sees by whom a document is locked that it opens read-only (OFF-01)', async (test) => {
    const server = await serverWith(test)
    await ask(server, `PUT ${DOCUMENT}`, { body: 'old' })
    await lock(server, DOCUMENT, { owner: 'Alice', headers: AGENT })

    const [found] = await propfind(server, DOCUMENT, { body: asking('lockdiscovery', 'supportedlock') })

    assert.match(found?.found.get('DAV:lockdiscovery')?.text ?? '', /Alice/)
    assert.equal(found?.found.get('DAV:supportedlock')?.children.length, 2)
  })

  it('saves on Windows: OPTIONS, HEAD, LOCK, GET, PUT, UNLOCK (OFF-03)', async (test) => {
    const server = await serverWith(test, { limitBytes: 1000 })
    await ask(server, `PUT ${DOCUMENT}`, { body: 'old' })

    const options = await ask(server, 'OPTIONS /', { headers: AGENT })
    const probed = await ask(server, `HEAD ${DOCUMENT}`, { headers: AGENT })
    const { answer: locked, token, submitted } = await lock(server, DOCUMENT, { headers: AGENT })
    const opened = await ask(server, `GET ${DOCUMENT}`, { headers: { ...AGENT, If: submitted } })
    const saved = await ask(server, `PUT ${DOCUMENT}`, { headers: { ...AGENT, If: submitted }, body: 'new' })
    const tooBig = await ask(server, `PUT ${DOCUMENT}`, {
      headers: { ...AGENT, If: submitted },
      body: 'x'.repeat(1001),
    })
    const unlocked = await ask(server, `UNLOCK ${DOCUMENT}`, {
      headers: { ...AGENT, 'Lock-Token': `<${token}>` },
    })

    assert.deepEqual(
      [options, probed, locked, opened, saved, tooBig, unlocked].map(statusOf),
      [200, 200, 200, 200, 204, 507, 204],
    )
    assert.equal(opened.text, 'old')
    assert.equal((await ask(server, `GET ${DOCUMENT}`)).text, 'new')
  })

  it('saves on macOS: a new file, and a MOVE over the locked document with its token (OFF-03)', async (test) => {
    const server = await serverWith(test)
    await ask(server, `PUT ${DOCUMENT}`, { body: 'old' })
    const { submitted, token } = await lock(server, DOCUMENT, { headers: AGENT })
    const { answer: made, submitted: ofTemporary } = await lock(server, '/Word%20Work%20File.tmp')
    const url = server.url + DOCUMENT

    const written = await ask(server, 'PUT /Word%20Work%20File.tmp', {
      headers: { ...AGENT, If: ofTemporary },
      body: 'new',
    })
    const moveTo = (ifHeader: string): Promise<Answer> =>
      ask(server, 'MOVE /Word%20Work%20File.tmp', {
        headers: { ...AGENT, Destination: url, Overwrite: 'T', If: ifHeader },
      })
    const without = await moveTo(`<${server.url}/Word%20Work%20File.tmp> ${ofTemporary}`)
    const moved = await moveTo(`<${server.url}/Word%20Work%20File.tmp> ${ofTemporary} <${url}> ${submitted}`)
    const unlocked = await ask(server, `UNLOCK ${DOCUMENT}`, { headers: { 'Lock-Token': `<${token}>` } })

    assert.deepEqual([made, written, without, moved].map(statusOf), [201, 204, 423, 204])
    assert.equal((await ask(server, `GET ${DOCUMENT}`)).text, 'new')
    // A lock ends with the resource it was taken on (RFC 4918 §7.7, §9.9.3).
    assert.ok([204, 409].includes(unlocked.status), String(unlocked.status))
    assert.equal((await ask(server, `PUT ${DOCUMENT}`, { body: 'later' })).status, 204)
  })
})

function statusOf({ status }: Answer): number {
  return status
}
