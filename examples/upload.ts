#!/usr/bin/env node
// upload.ts [--overwrite] FILE URL
//
// Uploads a file to a WebDAV server with fetch and explains a refusal. A URL that ends with a slash gets the name of
// the file. Name and password come from WEBDAV_USER and WEBDAV_PASSWORD. What is there already stays, unless
// --overwrite is given. The exit codes are in README.md beside this file. Node 24 runs it as it is.
import { openAsBlob } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'

const EXIT = {
  stored: 0,
  other: 1,
  usage: 2,
  network: 3,
  unauthorized: 4,
  exists: 5,
  tooLarge: 6,
  noRoom: 7,
  locked: 8,
} as const

/** What the server says of a refusal: the members of a problem+json (RFC 9457) that matter here. */
interface Problem {
  readonly detail?: string
  readonly cause?: string
  readonly needed?: number
  readonly available?: number
  readonly limit?: number
  readonly used?: number
  readonly root?: string
}

let progressIsShown = false

process.exitCode = await main()

async function main(): Promise<number> {
  const { name, url, overwrite } = readArguments()
  if (name === undefined || url === null) return usage('a file and an http or https URL are needed')
  const isFile = await stat(name).then(
    (stats) => stats.isFile(),
    () => false,
  )
  if (!isFile) return usage(`${name} is no file`)
  if (url.pathname.endsWith('/')) url.pathname += encodeURIComponent(basename(name))
  const file = await openAsBlob(name)
  const headers = {
    Accept: 'application/problem+json, application/xml;q=0.5',
    ...credentials(),
    ...(overwrite ? {} : { 'If-None-Match': '*' }),
  }
  try {
    const answer = await upload(file, url, headers)
    if ([200, 201, 204].includes(answer.status)) {
      console.log(`stored: ${url}`)
      return EXIT.stored
    }
    return await explain(answer, name)
  } catch (error) {
    say(`the connection failed before there was an answer: ${reasonOf(error)}`)
    say('Look whether the file is there before you try again.')
    return EXIT.network
  }
}

/**
 * fetch cannot hold a body back (Expect: 100-continue), so it asks first whether it would be taken: a refused file costs
 * no byte. A server that does not know the question answers without Plimsoll-Answer; then the upload itself will show.
 */
async function upload(file: Blob, url: URL, headers: Record<string, string>): Promise<Response> {
  const question = { 'Plimsoll-Ask': 'PUT', 'X-Expected-Entity-Length': String(file.size) }
  const answer = await fetch(url, {
    method: 'OPTIONS',
    headers: { ...headers, ...question },
    redirect: 'manual',
  })
  if (answer.headers.get('plimsoll-answer') === 'refused' || answer.status === 401) return answer
  await answer.body?.cancel()
  // Without the length fetch would send a stream in chunks, and the server could not know in time what is coming.
  const length = { 'Content-Length': String(file.size) }
  // Once there is an answer or none can come, nothing more is read.
  const ended = new AbortController()
  const body = file.stream().pipeThrough(progress(file.size), { signal: ended.signal })
  try {
    return await fetch(url, {
      method: 'PUT',
      headers: { ...headers, ...length },
      body,
      duplex: 'half',
      redirect: 'manual',
    })
  } finally {
    ended.abort()
    if (progressIsShown) process.stderr.write('\n')
  }
}

/** fetch says no more than "fetch failed"; the cause says why, and where a host has several addresses only by its code. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (!(cause instanceof Error)) return String(cause)
  return cause.message || String((cause as NodeJS.ErrnoException).code)
}

function progress(total: number): TransformStream<Uint8Array, Uint8Array> {
  let sent = 0
  let shown = -1
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk)
      sent += chunk.byteLength
      const percent = Math.floor((sent * 100) / total)
      if (percent === shown) return
      shown = percent
      progressIsShown = true
      process.stderr.write(`\r${String(percent).padStart(3)} % of ${sizeOf(total)}`)
    },
  })
}

/** Says why it was not stored and what can be done. Nothing is tried again by itself (RFC 4918, section 11.5). */
async function explain(answer: Response, name: string): Promise<number> {
  // Cut off or not: the status alone says what to do.
  const text = await answer.text().catch(() => '')
  const problem = answer.headers.get('content-type') === 'application/problem+json' ? problemIn(text) : {}
  switch (answer.status) {
    case 507:
      say(`${name} was not stored: the server has no room for it (507)`)
      explainNoRoom(problem, text)
      return EXIT.noRoom
    case 401:
      say(`${name} was not stored: name or password is wrong, see WEBDAV_USER and WEBDAV_PASSWORD (401)`)
      return EXIT.unauthorized
    case 412:
      say(`${name} was not stored: something has this name already, and --overwrite was not given (412)`)
      return EXIT.exists
    case 413:
      say(`${name} was not stored: it is too large for this server (413)`)
      if (problem.limit !== undefined) say(`No file may be larger than ${sizeOf(problem.limit)}.`)
      return EXIT.tooLarge
    case 423:
      say(`${name} was not stored: somebody has locked what is there; wait until they are done (423)`)
      return EXIT.locked
    default:
      say(
        `${name} was not stored: the server answered ${answer.status} ${problem.detail ?? answer.statusText}`,
      )
      return EXIT.other
  }
}

function problemIn(text: string): Problem {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

function explainNoRoom(problem: Problem, text: string): void {
  const { cause = '', root, needed, available, limit, used } = problem
  const amount = ['inodes', 'entries'].includes(cause) ? (count: number) => `${count} files` : sizeOf
  const limits: Record<string, string> = {
    'user-quota': 'the quota of your account',
    'collection-quota': `the quota of ${root}`,
    'disk-bytes': 'the disk of the server',
    inodes: 'the number of files on the disk of the server',
    entries: `the number of files in ${root}`,
  }
  const which = limits[cause] ?? conditionIn(text)
  const known = limit !== undefined && used !== undefined
  if (needed !== undefined) console.error(`  needed     ${amount(needed)}`)
  if (available !== undefined) console.error(`  available  ${amount(available)}`)
  console.error(`  limit      ${which}${known ? `: ${amount(limit)}, used ${amount(used)}` : ''}`)
  say(
    which.includes('disk')
      ? 'Nothing was changed. Tell whoever runs the server that it is full, or delete something there.'
      : 'Nothing was changed. Delete something there, or ask for a larger quota.',
  )
  say('Upload it again only then: until something has changed it would be refused again.')
}

/** What every server may say: the two conditions of RFC 4331. */
function conditionIn(text: string): string {
  if (text.includes('quota-not-exceeded')) return 'a quota'
  return text.includes('sufficient-disk-space') ? 'the disk of the server' : 'the server does not say which'
}

function sizeOf(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  const power = count < 1024 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), units.length - 1)
  return power === 0
    ? `${count} bytes`
    : `${(count / 1024 ** power).toFixed(1)} ${units[power]} (${count} bytes)`
}

function credentials(): Record<string, string> {
  const { WEBDAV_USER: user, WEBDAV_PASSWORD: password = '' } = process.env
  if (user === undefined || user === '') return {}
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

function readArguments() {
  try {
    const options = { overwrite: { type: 'boolean', default: false } } as const
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const [name, target, ...more] = positionals
    const url = more.length === 0 && target !== undefined ? URL.parse(target) : null
    const isHttp = url !== null && ['http:', 'https:'].includes(url.protocol)
    return { name, url: isHttp ? url : null, overwrite: values.overwrite }
  } catch {
    return { name: undefined, url: null, overwrite: false }
  }
}

function usage(sentence: string): number {
  say(sentence)
  say('usage: upload.ts [--overwrite] FILE URL')
  return EXIT.usage
}

function say(sentence: string): void {
  console.error(`upload: ${sentence}`)
}
