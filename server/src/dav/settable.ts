import { parseHttpDate } from './headers/http-date.ts'
import { DAV_NS, dav, nameKey } from './xml/names.ts'
import type { PropertyInstruction } from './xml/property-update.ts'
import { textOf } from './xml/read.ts'

/** Live properties that a client may overwrite (RFC 4918 §15.2, §15.3); what it stores is shown instead. */
export const SETTABLE: ReadonlySet<string> = new Set([
  nameKey(dav('displayname')),
  nameKey(dav('getcontentlanguage')),
])

const MICROSOFT = 'urn:schemas-microsoft-com:'

const FREE: ReadonlySet<string> = new Set([
  'Win32CreationTime',
  'Win32LastAccessTime',
  'Win32LastModifiedTime',
  'Win32FileAttributes',
])

// An HTTP date or eight hexadecimal digits; whoever sends more than this pays for it.
const FREE_CHARACTERS = 64

/**
 * Whether a property costs its owner nothing: the four that Windows sets after every PUT. If they were refused on a
 * full disk, it would report a file as not saved that is.
 */
export function isFree(instruction: PropertyInstruction): boolean {
  const { ns, local } = instruction.name
  if (ns !== MICROSOFT || !FREE.has(local) || instruction.kind !== 'set') return false
  return instruction.element.children.length <= 1 && textOf(instruction.element).length <= FREE_CHARACTERS
}

/**
 * The modification time that a PROPPATCH asks for, in milliseconds; null for none. Windows sets it after a PUT by
 * Win32LastModifiedTime, ownCloud's and GNOME's clients by DAV:lastmodified.
 */
export function modifiedMsOf(instructions: readonly PropertyInstruction[]): number | null {
  const setting = instructions.findLast(
    ({ kind, name }) =>
      kind === 'set' &&
      ((name.ns === MICROSOFT && name.local === 'Win32LastModifiedTime') ||
        (name.ns === DAV_NS && name.local === 'lastmodified')),
  )
  if (setting?.kind !== 'set') return null
  const text = textOf(setting.element).trim()
  return /^\d{1,12}$/.test(text) ? Number(text) * 1000 : parseHttpDate(text, Date.now())
}
