import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { randomBytes } from '../../support/content.ts'
import { lockBody } from '../../support/spawned.ts'
import type { FileSystem } from '../../support/volume.ts'
import { chargedIn, type Look, type Scene } from './scene.ts'
import type { Told, Wire } from './wire.ts'
import type { Needs, Refused } from './world.ts'
import type { WorldName } from './worlds.ts'

/** A row of section 2 of the requirements, or a situation of one. */
export interface Row {
  readonly id: string
  readonly what: string
  readonly worlds: readonly WorldName[]
  readonly wire: (scene: Scene) => Wire
  /** A status where it succeeds, or an answer of its own; by default what the world refuses with. */
  readonly answers?: number | Refused
  readonly needs?: Needs | ((before: Look) => Needs)
  /** How much of the body the server may take: nothing, or some of it; by default as it likes. */
  readonly takes?: 'nothing' | 'some'
  /** Whether the connection ends with the answer, or may do so; by default it goes on. */
  readonly closes?: boolean | 'perhaps'
  /** Where it is not gone through everywhere, with the reason beside it. */
  readonly fileSystems?: readonly FileSystem[]
  /** Where a refusal that changes nothing is as good as `answers`, with the reason beside it. */
  readonly orRefusedOn?: FileSystem
  /** What else must be so. */
  readonly also?: (told: Told, after: Look) => void
  /** The refusal stands in a propstat of a 207, and the other property in one with 424. */
  readonly inPropstat?: boolean
}

export const BYTES = ['limit of a user', 'limit of the folder'] as const
export const NAMES = ['names of the folder', 'no inode'] as const
export const DISKS = ['full disk', 'full disk of the state'] as const
/** Everything is full: by each of the causes, and what must work must work. */
export const FULL: readonly WorldName[] = [...BYTES, ...NAMES, ...DISKS, 'quota of the system']

type MakeWire = (scene: Scene) => Wire

export function put(path: string, bytes: number, more: Partial<Wire> = {}): MakeWire {
  return () => ({ line: `PUT ${path}`, body: randomBytes(bytes), ...more })
}

export function transfer(method: 'COPY' | 'MOVE', from: string, to: string, ...fields: string[]): MakeWire {
  return () => ({ line: `${method} ${from}`, fields: [`Destination: ${to}`, ...fields] })
}

export function lock(path: string): MakeWire {
  return () => ({ line: `LOCK ${path}`, body: lockBody(), fields: ['Content-Type: application/xml'] })
}

export function proppatch(path: string, instructions: string): MakeWire {
  return () => ({
    line: `PROPPATCH ${path}`,
    fields: ['Content-Type: application/xml'],
    body: `<D:propertyupdate xmlns:D="DAV:" xmlns:z="urn:z">${instructions}</D:propertyupdate>`,
  })
}

/** A new resource of so many bytes. */
export function oneMore(bytes: number): Needs {
  return { growth: bytes, whole: bytes, names: 1 }
}

/** A copy of what is there, with its properties. */
export function copyOf(path: string, bytes: number, names: number): (before: Look) => Needs {
  return (before) => {
    const properties = chargedIn(before, path)
    const whole = bytes + properties
    return { growth: whole, whole, names, properties }
  }
}

/** The same request, during which another program takes all the room as soon as something of it is staged. */
export function losingRoom(wire: MakeWire): MakeWire {
  return (scene) => ({
    ...wire(scene),
    async halfWay() {
      const stage = join(scene.folder, '.plimsoll', 'stage')
      while (readdirSync(stage).length === 0) await turn()
      scene.otherProgram?.takesRoom()
    },
  })
}
