#!/usr/bin/env node
// Plain JavaScript that the oldest Node can parse, so that it can say what is missing instead of a stack trace.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 7)) {
  console.error(
    `plimsoll needs Node.js 24.7 or newer; this is ${process.versions.node}. Install it from https://nodejs.org and try again.`,
  )
  process.exit(1)
}
import('../dist/cli/main.js').then(({ main }) => main(process.argv))
