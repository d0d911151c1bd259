import type { Deps } from '../../core/deps.ts'
import { DavError } from '../../core/errors.ts'
import type { ResourcePath } from '../../core/path.ts'
import { type PropertyFailure, updateProperties } from '../../core/proppatch.ts'
import type { PropertyChange } from '../../core/state.ts'
import { conditionElement, descriptionElement, statusText } from '../condition.ts'
import { guardOf } from '../guard.ts'
import type { Protocol } from '../methods.ts'
import { multistatus, type Propstat, propstatResponse } from '../multistatus.ts'
import { emptyElement } from '../property-element.ts'
import type { Call, DavResponse } from '../request.ts'
import { isFree, modifiedMsOf, SETTABLE } from '../settable.ts'
import { logShortage, refusedAt } from '../shortage.ts'
import { nameKey, type XmlName } from '../xml/names.ts'
import { type PropertyInstruction, parsePropertyUpdate } from '../xml/property-update.ts'
import { serializeElement } from '../xml/serialize.ts'
import { readXmlBody } from '../xml-body.ts'

/** RFC 4918 §9.2: all instructions in document order, or none; once begun, the answer is a 207. */
export async function proppatch(deps: Deps, call: Call, protocol: Protocol): Promise<DavResponse> {
  const body = await readXmlBody(call.request)
  if (body === null)
    throw new DavError('unprocessable', 'the body of a PROPPATCH is a DAV:propertyupdate element')
  const instructions = parsePropertyUpdate(body)
  const changes = instructions.map(changeOf)
  const resource = await deps.store.stat(call.path)
  if (resource === null)
    throw new DavError('not-found', 'there is nothing under this name', { path: call.path })
  const failure = await updateProperties(deps, {
    path: call.path,
    guard: guardOf(call),
    changes,
    modifiedMs: modifiedMsOf(instructions),
    refused: firstRefused(deps, protocol, changes),
  })
  if (failure !== null) logShortage(deps, refusedAt(call, call.path), failure.error)
  return answer(call, call.href(call.path, resource.kind), instructions, failure)
}

/** What no state could make possible: protected properties, and values no resource may have. */
function firstRefused(
  deps: Deps,
  protocol: Protocol,
  changes: readonly PropertyChange[],
): PropertyFailure | null {
  const most = deps.limits.propertyBytes
  for (const [index, change] of changes.entries()) {
    const key = nameKey(change)
    if (protocol.properties.has(key) && !SETTABLE.has(key)) {
      return { index, error: new DavError('property-protected', 'the server computes this property') }
    }
    if (change.chargedBytes > most) {
      const message = `one property may have ${most} bytes`
      return { index, error: new DavError('property-too-large', message, { maxPropertyBytes: most }) }
    }
  }
  return null
}

function changeOf(instruction: PropertyInstruction): PropertyChange {
  const { ns, local } = instruction.name
  if (instruction.kind === 'remove') return { ns, local, value: null, chargedBytes: 0 }
  const value = serializeElement(instruction.element)
  const chargedBytes = isFree(instruction) ? 0 : new TextEncoder().encode(ns + local + value).byteLength
  return { ns, local, value, chargedBytes }
}

/** RFC 4918 §9.2.1: the one that failed has its own status, every other one 424. */
function answer(
  call: Call,
  href: string,
  instructions: readonly PropertyInstruction[],
  failure: PropertyFailure | null,
): DavResponse {
  const names = new Map(instructions.map(({ name }) => [nameKey(name), name]))
  if (failure === null) return single(href, [{ status: '200 OK', elements: elementsOf(names) }])
  const failed = instructions[failure.index]?.name
  const own = failed === undefined ? new Map<string, XmlName>() : new Map([[nameKey(failed), failed]])
  for (const key of own.keys()) names.delete(key)
  const hrefOf = (path: ResourcePath): string => call.href(path, 'file')
  return single(href, [
    {
      status: statusText(failure.error),
      elements: elementsOf(own),
      condition: conditionElement(failure.error, hrefOf),
      description: descriptionElement(failure.error, hrefOf),
    },
    { status: '424 Failed Dependency', elements: elementsOf(names) },
  ])
}

function elementsOf(names: ReadonlyMap<string, XmlName>): string[] {
  return [...names.values()].map(emptyElement)
}

function single(href: string, propstats: readonly Propstat[]): DavResponse {
  return multistatus([propstatResponse(href, propstats)])
}
