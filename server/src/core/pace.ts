// Looking at a member takes about 5 µs of a processor, so this leaves nine tenths of one to requests.
const MEMBER_REST_MS = 0.05
const LEAST_REST_MS = 2
// A collection of 100,000 members is counted again after 50 s at the earliest.
const MEMBERS_PER_SECOND = 2000

/** How long to rest after looking at so many members, before looking at anything else. */
export function restMs(members: number): number {
  return LEAST_REST_MS + members * MEMBER_REST_MS
}

/** When a collection of so many members may be counted again, though it changes all the time. */
export function againMs(members: number, leastSeconds: number): number {
  return Math.max(leastSeconds, members / MEMBERS_PER_SECOND) * 1000
}
