import { main } from '../../src/cli/main.ts'

// The command as a program of its own, without the build that the installed one needs.
await main(process.argv)
