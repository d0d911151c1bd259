import { createHash } from 'node:crypto'
import type { Deps } from '../core/deps.ts'
import { type Figures, figures } from '../core/figures.ts'
import { formatSize } from '../core/format-size.ts'
import { binding, type Level, standings } from '../core/levels.ts'
import { memberPath, nameOf, type ResourcePath, ROOT, segmentsOf } from '../core/path.ts'
import type { Resource } from '../core/resource.ts'
import type { Call, DavResponse } from './request.ts'
import { batched, escapeAttribute, escapeText } from './xml/write.ts'

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:56rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.25rem}h1 a{text-decoration:none}
meter{width:100%;height:1rem}
table{width:100%;border-collapse:collapse}
th{text-align:left;font-weight:600}
td,th{padding:.25rem .5rem;border-bottom:1px solid #8884}
td:first-child{overflow-wrap:anywhere}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

// A folder of this size is shown in order; a larger one in pieces that are each in order, so that no folder,
// however large, is held in memory.
const SORTED_MEMBERS = 2000

/** What a person sees of a collection in a browser: its members, and how much still fits. No script is needed. */
export async function listing(deps: Deps, call: Call): Promise<DavResponse> {
  const space = await figures(deps, call.path)
  const { level } = binding(await standings(deps, call.path))
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'private, no-cache',
    },
    // HEAD too: a missing body would be told as one of length 0. The edge does not ask it for a byte.
    body: batched(page(deps, call, { ...space, level })),
  }
}

interface Shown extends Figures {
  readonly level: Level
}

async function* page(deps: Deps, call: Call, space: Shown): AsyncGenerator<string> {
  const title = escapeText(call.path === ROOT ? 'Files' : nameOf(call.path))
  yield `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>
<h1>${breadcrumbs(call)}</h1>
${spaceBar(space)}
<table><thead><tr><th>Name</th><th class="n">Size</th><th class="n">Changed</th></tr></thead><tbody>
`
  for await (const members of inOrder(deps.store.list(call.path))) {
    for (const member of members) yield row(call, member)
  }
  yield '</tbody></table></body></html>\n'
}

function breadcrumbs(call: Call): string {
  const links = [`<a href="${escapeAttribute(call.href(ROOT, 'collection'))}">Files</a>`]
  let at: ResourcePath = ROOT
  for (const segment of segmentsOf(call.path)) {
    at = memberPath(at, segment)
    links.push(`<a href="${escapeAttribute(call.href(at, 'collection'))}">${escapeText(segment)}</a>`)
  }
  return links.join(' / ')
}

function spaceBar({ usedBytes, availableBytes, limitBytes, level }: Shown): string {
  const wholeBytes = usedBytes + availableBytes
  const percent = wholeBytes === 0 ? 100 : Math.floor((usedBytes / wholeBytes) * 100)
  const limit = limitBytes === null ? '' : ` The limit is ${formatSize(limitBytes)}.`
  // Browsers colour the bar by these, and so as the level says and not by a threshold of their own.
  const low = level === 'normal' ? wholeBytes : 0
  const high = level === 'normal' || level === 'near' ? wholeBytes : 0
  return `<p><meter min="0" max="${wholeBytes}" low="${low}" high="${high}" optimum="0" value="${usedBytes}">${percent} %</meter>
${formatSize(usedBytes)} used, ${formatSize(availableBytes)} free.${limit}${SENTENCES[level]}</p>`
}

const SENTENCES: Readonly<Record<Level, string>> = {
  normal: '',
  near: ' <strong>It is nearly full.</strong>',
  critical: ' <strong>It is almost full.</strong>',
  full: ' <strong>It is full.</strong>',
}

function row(call: Call, member: Resource): string {
  const href = escapeAttribute(call.href(member.path, member.kind))
  const slash = member.kind === 'collection' ? '/' : ''
  const size = member.kind === 'collection' ? '' : formatSize(member.bytes)
  const changed = new Date(member.modifiedMs).toISOString()
  return `<tr><td><a href="${href}">${escapeText(nameOf(member.path))}${slash}</a></td><td class="n">${size}</td><td class="n"><time datetime="${changed}">${changed.slice(0, 16).replace('T', ' ')}</time></td></tr>\n`
}

async function* inOrder(pages: AsyncIterable<readonly Resource[]>): AsyncGenerator<readonly Resource[]> {
  let pending: Resource[] = []
  for await (const members of pages) {
    pending.push(...members)
    if (pending.length < SORTED_MEMBERS) continue
    yield sorted(pending)
    pending = []
  }
  yield sorted(pending)
}

const byName = new Intl.Collator('en', { numeric: true })

function sorted(members: readonly Resource[]): readonly Resource[] {
  return members.toSorted(
    (a, b) => a.kind.localeCompare(b.kind) || byName.compare(nameOf(a.path), nameOf(b.path)),
  )
}
