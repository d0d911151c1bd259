import type { Proof, Tally } from './proof.ts'

/** What a run has come to so far. */
export interface ProofRecord {
  readonly seed: number
  readonly rows: ReadonlyMap<Proof, Row>
  add(proof: Proof, tally: Tally, durationMs: number): void
  violated(proof: Proof, seed: number, durationMs: number): void
  violations(): number
  sum(name: CountName): number
  /** All numbers in one line. */
  summary(): string
}

export type CountName = (typeof COUNTS)[number]

export interface Row {
  readonly rounds: number
  readonly durationMs: number
  readonly counts: ReadonlyMap<CountName, number>
  readonly kinds: ReadonlyMap<string, number>
  readonly violatedSeeds: readonly number[]
}

interface OpenRow extends Row {
  rounds: number
  durationMs: number
  readonly counts: Map<CountName, number>
  readonly kinds: Map<string, number>
  readonly violatedSeeds: number[]
}

export const COUNTS = ['faults', 'kills', 'powerCuts', 'operations', 'survivors'] as const

export const TITLES: Readonly<{ [Name in CountName]: string }> = {
  faults: 'faults',
  kills: 'kills',
  powerCuts: 'power cuts',
  operations: 'operations',
  survivors: 'survivors',
}

export function newRecord(proofs: readonly Proof[], seed: number): ProofRecord {
  const rows = new Map<Proof, OpenRow>(proofs.map((proof) => [proof, emptyRow()]))
  const ended = (proof: Proof, durationMs: number): OpenRow => {
    const row = rows.get(proof) ?? emptyRow()
    rows.set(proof, row)
    row.rounds += 1
    row.durationMs += durationMs
    return row
  }
  const sum = (name: CountName): number =>
    [...rows.values()].reduce((total, { counts }) => total + (counts.get(name) ?? 0), 0)
  const violations = (): number =>
    [...rows.values()].reduce((total, { violatedSeeds }) => total + violatedSeeds.length, 0)
  return {
    seed,
    rows,
    add(proof, tally, durationMs) {
      const { counts, kinds } = ended(proof, durationMs)
      for (const name of COUNTS) increase(counts, name, tally[name] ?? 0)
      for (const [kind, count] of Object.entries(tally.kinds ?? {})) increase(kinds, kind, count)
    },
    violated(proof, violatedSeed, durationMs) {
      ended(proof, durationMs).violatedSeeds.push(violatedSeed)
    },
    violations,
    sum,
    summary: () =>
      `${COUNTS.map((name) => `${TITLES[name]}: ${sum(name)}`).join(', ')}, violations: ${violations()}`,
  }
}

function emptyRow(): OpenRow {
  return { rounds: 0, durationMs: 0, counts: new Map(), kinds: new Map(), violatedSeeds: [] }
}

function increase<Name>(counts: Map<Name, number>, name: Name, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by)
}
