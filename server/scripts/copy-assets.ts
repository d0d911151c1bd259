import { cpSync } from 'node:fs'

// tsc emits only what it compiles; the migrations are plain SQL files read at run time.
const server = new URL('..', import.meta.url)
cpSync(new URL('src/state/sql/migrations', server), new URL('dist/state/sql/migrations', server), {
  recursive: true,
})
