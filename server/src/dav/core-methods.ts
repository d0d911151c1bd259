import { copy, move } from './methods/copy-move.ts'
import { del } from './methods/delete.ts'
import { get } from './methods/get.ts'
import { lock, unlock } from './methods/lock.ts'
import { mkcol } from './methods/mkcol.ts'
import { options } from './methods/options.ts'
import { propfind } from './methods/propfind.ts'
import { proppatch } from './methods/proppatch.ts'
import { put } from './methods/put.ts'
import type { Method } from './methods.ts'

/** The methods of RFC 4918 and of HTTP beneath it. */
export const CORE_METHODS: readonly Method[] = [
  {
    name: 'OPTIONS',
    handle: options,
    allowedOn: ['root', 'collection', 'file', 'unmapped'],
    takesBody: true,
  },
  { name: 'GET', handle: get, allowedOn: ['root', 'collection', 'file'], takesBody: false },
  { name: 'HEAD', handle: get, allowedOn: ['root', 'collection', 'file'], takesBody: false },
  { name: 'PUT', handle: put, allowedOn: ['file', 'unmapped'], takesBody: true },
  { name: 'DELETE', handle: del, allowedOn: ['collection', 'file'], takesBody: false },
  { name: 'MKCOL', handle: mkcol, allowedOn: ['unmapped'], takesBody: false },
  { name: 'PROPFIND', handle: propfind, allowedOn: ['root', 'collection', 'file'], takesBody: true },
  { name: 'PROPPATCH', handle: proppatch, allowedOn: ['root', 'collection', 'file'], takesBody: true },
  { name: 'COPY', handle: copy, allowedOn: ['root', 'collection', 'file'], takesBody: false },
  { name: 'MOVE', handle: move, allowedOn: ['collection', 'file'], takesBody: false },
  { name: 'LOCK', handle: lock, allowedOn: ['root', 'collection', 'file', 'unmapped'], takesBody: true },
  { name: 'UNLOCK', handle: unlock, allowedOn: ['root', 'collection', 'file'], takesBody: false },
]

/** Methods the server knows and offers nowhere, so that they get 405 and not 501 (RFC 9110 §15.5.6). */
export const NEVER_ALLOWED: ReadonlySet<string> = new Set(['POST', 'PATCH', 'TRACE', 'CONNECT'])
