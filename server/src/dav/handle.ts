import type { Deps } from '../core/deps.ts'
import { DavError } from '../core/errors.ts'
import type { Standing } from '../core/levels.ts'
import type { ResourcePath } from '../core/path.ts'
import type { Authenticate, Principal } from '../core/principal.ts'
import { isAboveTree, protocolAbove, storeAbove } from './above.ts'
import { NEVER_ALLOWED } from './core-methods.ts'
import type { ErrorPages } from './error-page.ts'
import { type ErrorContext, errorResponse } from './error-response.ts'
import { isQuestion, methodMeant } from './headers/ask.ts'
import { serverOptions } from './methods/options.ts'
import { allowed, type Method, type Protocol } from './methods.ts'
import type { Call, DavRequest, DavResponse } from './request.ts'
import { logShortage } from './shortage.ts'
import { spaceReport } from './space-header.ts'
import { hrefOf, parseTarget } from './target.ts'

export interface HandlerOptions {
  readonly deps: Deps
  readonly protocol: Protocol
  readonly authenticate: Authenticate
  /** Where the tree is mounted: '' or for example '/dav'. */
  readonly basePath: string
  /** The operator's own pages for refusals. */
  readonly errorPages: ErrorPages
  /** Is told how the space stands after every request that may have changed it. */
  readonly watchLevels: (standings: readonly Standing[]) => void
}

export interface Handled {
  readonly response: DavResponse
  /** Who asked, for the log; null where nobody said or it was refused before. */
  readonly user: string | null
}

export type Handle = (request: DavRequest) => Promise<Handled>

/** The one way of a request through the server, and the only place where errors become answers. */
export function handler(options: HandlerOptions): Handle {
  return async (request) => {
    const seen: Seen = { principal: null, path: null, call: null }
    const response = await answer(options, request, seen)
    return { response: await withSpace(options, seen, response), user: nameOf(seen) }
  }
}

/** How far a request came: what its refusal may tell. */
interface Seen {
  principal: Principal | null
  path: ResourcePath | null
  call: Call | null
}

async function answer(options: HandlerOptions, request: DavRequest, seen: Seen): Promise<DavResponse> {
  try {
    return cacheable(request, await pipeline(options, request, seen))
  } catch (error) {
    return await refusal(options, request, seen, error)
  }
}

// The order of the checks is that of the storage table: framing, method, sender, body, and only then the state.
async function pipeline(options: HandlerOptions, request: DavRequest, seen: Seen): Promise<DavResponse> {
  if (request.defect !== null) throw request.defect
  if (request.target === '*') return asterisk(request, options.protocol)
  const { deps, protocol, basePath } = whereFor(options, request)
  const place = { basePath, ...request.origin }
  const target = parseTarget(request.target, place)
  const method = knownMethod(options.protocol, request)
  seen.principal = await options.authenticate({
    authorization: request.header('authorization'),
    remoteAddress: request.remoteAddress,
  })
  if (method?.takesBody === false && request.body.declaredBytes !== 0) {
    throw new DavError('unsupported-media-type', `${method.name} takes no body`)
  }
  seen.path = await deps.store.resolve(target.path)
  if (method === null || !protocol.methods.has(method.name)) {
    throw new DavError('method-not-allowed', `${request.method} is not offered here`, {
      ...(protocol === options.protocol ? {} : { allow: [...protocol.methods.keys()] }),
    })
  }
  const call: Call = {
    request,
    path: seen.path,
    trailingSlash: target.trailingSlash,
    principal: seen.principal,
    nowMs: deps.nowMs(),
    place,
    href: (path, kind) => hrefOf(path, { basePath, collection: kind === 'collection' }),
  }
  // Above the tree nothing is written.
  if (protocol === options.protocol) seen.call = call
  return await method.handle(deps, call, protocol)
}

/** The tree, or the collections above it. */
function whereFor(options: HandlerOptions, request: DavRequest): HandlerOptions {
  const { deps, protocol, basePath } = options
  if (!isAboveTree(request.target, { basePath, ...request.origin })) return options
  const store = storeAbove(deps.store, basePath)
  return { ...options, deps: { ...deps, store }, protocol: protocolAbove(protocol), basePath: '' }
}

/**
 * Null for a method that is offered nowhere. It is refused later: what a URL does allow tells what is there, and
 * that is only for those who may know.
 */
function knownMethod(protocol: Protocol, request: DavRequest): Method | null {
  const method = protocol.methods.get(request.method)
  if (method !== undefined) return method
  if (NEVER_ALLOWED.has(request.method)) return null
  throw new DavError('method-unknown', `this server has no method ${request.method}`)
}

function asterisk(request: DavRequest, protocol: Protocol): DavResponse {
  if (isQuestion(request)) {
    throw new DavError('question-unclear', 'Plimsoll-Ask is about one URL, not about the whole server')
  }
  if (request.method === 'OPTIONS') return serverOptions(protocol)
  throw new DavError('bad-request', 'only OPTIONS can be asked of the whole server')
}

async function refusal(options: HandlerOptions, request: DavRequest, seen: Seen, thrown: unknown) {
  const error = thrown instanceof DavError ? await withAllow(options, request, seen, thrown) : null
  const context = contextOf(options, request, seen)
  const response = errorResponse(error, context)
  const { log } = options.deps
  if (response.status === 500)
    log.error('a request failed', { method: request.method, path: seen.path, error: thrown })
  const failed = error?.details.failures?.map((failure) => failure.error) ?? [error]
  const who = { user: nameOf(seen), method: request.method, path: seen.path }
  for (const each of failed) logShortage(options.deps, who, each)
  return isQuestion(request) && error?.code !== 'question-unclear' ? refusedAnswer(response) : response
}

/** What does not know the question, a server or something in between, may refuse OPTIONS too; it does not say this. */
function refusedAnswer(response: DavResponse): DavResponse {
  return { ...response, headers: { ...response.headers, 'Plimsoll-Answer': 'refused' } }
}

/** RFC 9110 §15.5.6: a 405 lists what this very URL allows, so never the method that was refused. */
async function withAllow(
  options: HandlerOptions,
  request: DavRequest,
  { path }: Seen,
  error: DavError,
): Promise<DavError> {
  const wantsAllow = error.code === 'method-not-allowed' || error.code === 'already-exists'
  if (!wantsAllow || error.details.allow !== undefined || path === null) return error
  const resource = await options.deps.store.stat(path).catch(() => null)
  return new DavError(error.code, error.message, {
    ...error.details,
    allow: allowed(options.protocol, path, resource).filter((name) => name !== methodMeant(request)),
  })
}

function contextOf({ basePath, errorPages }: HandlerOptions, request: DavRequest, seen: Seen): ErrorContext {
  const href = (path: ResourcePath): string => hrefOf(path, { basePath, collection: false })
  return {
    method: request.method,
    accept: request.header('accept'),
    instance: seen.path === null ? null : href(seen.path),
    href,
    pages: errorPages,
  }
}

/** The answer to a method that writes, also a refusal, says how the space stands after it. */
async function withSpace(
  { deps, watchLevels }: HandlerOptions,
  { call }: Seen,
  response: DavResponse,
): Promise<DavResponse> {
  if (call === null || ONLY_READS.has(methodOf(call.request, response))) return response
  const report = await spaceReport(deps, call)
  if (report === null) return response
  watchLevels(report.standings)
  return { ...response, headers: { ...response.headers, ...report.headers } }
}

/** A question that is answered with a refusal is answered as the request it asks about. */
function methodOf(request: DavRequest, { status }: DavResponse): string {
  return status < 400 ? request.method : methodMeant(request)
}

const ONLY_READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'REPORT', 'SEARCH'])

/** HTTP-55: answers to methods that change something are nobody's to keep. */
function cacheable(request: DavRequest, response: DavResponse): DavResponse {
  if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return response
  return { ...response, headers: { 'Cache-Control': 'no-store', ...response.headers } }
}

function nameOf({ principal }: Seen): string | null {
  return principal?.name ?? null
}
