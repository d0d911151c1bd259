declare const brand: unique symbol

/** A critical section in which what must happen together happens. Opaque outside the drivers. */
export interface Tx {
  readonly [brand]: 'Tx'
}
