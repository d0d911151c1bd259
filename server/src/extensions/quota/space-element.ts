import { binding, standings } from '../../core/levels.ts'
import type { Resource } from '../../core/resource.ts'
import type { PropertyView } from '../../dav/properties.ts'
import { secondsLeft } from '../../dav/space-header.ts'
import { EXT_NS } from '../../dav/xml/names.ts'
import { escapeAttribute } from '../../dav/xml/write.ts'

/** Every space around a collection and the disk, and which of them stops a client first. */
export async function spaceElement({ path }: Resource, view: PropertyView): Promise<string> {
  const all = await standings(view.deps, path, view.disk)
  const first = binding(all)
  return all
    .map((standing) => {
      const attributes = {
        level: standing.level,
        root: standing.path === null ? null : collectionHref(view.lockView.href(standing.path)),
        used: standing.usedBytes,
        reserved: standing.reservedBytes,
        limit: standing.limitBytes,
        grace: secondsLeft(standing.graceEndsMs, view.deps.nowMs()),
        available: standing.availableBytes,
        binding: standing === first,
      }
      const known = Object.entries(attributes).filter(([, value]) => value !== null)
      const inside = known.map(([name, value]) => ` ${name}="${escapeAttribute(String(value))}"`).join('')
      return `<x:${standing.path === null ? 'disk' : 'root'} xmlns:x="${EXT_NS}"${inside}/>`
    })
    .join('')
}

function collectionHref(href: string): string {
  return href.endsWith('/') ? href : `${href}/`
}
