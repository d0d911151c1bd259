import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { type Given, type Loaded, loadSettings } from '../config/load.ts'
import type { OptionDescription } from '../config/option.ts'
import { flagOf, OPTION_NAMES, OPTIONS, type OptionName, showSetting, variableOf } from '../config/schema.ts'
import { LIMIT_WORDS } from '../config/space-limits.ts'
import { StartError } from '../core/start-error.ts'
import { check, recount } from './check.ts'
import { describeSettings } from './config.ts'
import { locks } from './locks.ts'
import { printable } from './log.ts'
import { serve } from './serve.ts'
import { listSpaces, removeSpace, setSpace, showSpace } from './space.ts'

/**
 * The command `plimsoll`. Ends the process with 0 where all went well, 1 where the server could not start or
 * failed, 2 where the command line was not understood.
 *
 * @param argv as `process.argv`: the interpreter and the script come first
 */
export async function main(argv: readonly string[]): Promise<void> {
  process.on('uncaughtException', fail)
  process.stdout.on('error', outputFailed)
  try {
    await createProgram().parseAsync(argv)
  } catch (error) {
    fail(error)
  }
}

function createProgram(): Command {
  const program = new Command('plimsoll')
    .description('A WebDAV server that never lies about space.')
    .version(readVersion(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    // Before the commands, which inherit it.
    .exitOverride()
    .showHelpAfterError('(plimsoll --help shows what there is)')
  addSettings(program.command('serve').description('serve a folder over WebDAV'), serve)
  addSettings(
    program.command('config').description('show each setting and where it comes from'),
    async (loaded) => {
      process.stdout.write(describeSettings(loaded))
    },
  )
  addSettings(
    program
      .command('locks')
      .description('list the locks of clients, or break one whose client is gone')
      .option('--break <TOKEN>', 'end the lock with this token, whoever made it'),
    locks,
    { names: PLACE },
  )
  addSpaceCommands(program.command('space').description('limits of single collections'))
  for (const [name, description, run] of [
    ['check', 'compare what is recorded of each folder with what lies in it; changes nothing', check],
    ['recount', 'make what is recorded of each folder what lies in it', recount],
  ] as const) {
    const command = program.command(name).description(description)
    addSettings(command.option('--path <PATH>', 'only this collection and what is below it'), run, {
      names: PLACE,
    })
  }
  return program
}

// All that a command needs which does not serve.
const PLACE: readonly OptionName[] = ['folder', 'state', 'config']

function addSpaceCommands(space: Command): void {
  const named = { names: PLACE, operand: 'PATH' }
  const set = space.command('set').description('give a collection limits, or change those it has')
  for (const [word, { argument, help }] of Object.entries(LIMIT_WORDS)) {
    set.option(`--${word} <${argument}>`, help)
  }
  addSettings(set, setSpace, named)
  const show = space.command('show').description('show the limits of a collection and what uses them')
  show.option('--allocated', 'count what its files take on the disk too, which looks at each of them')
  addSettings(show, showSpace, named)
  addSettings(space.command('list').description('list the collections with limits'), listSpaces, {
    names: PLACE,
  })
  const remove = space.command('remove').description('take the limits from a collection; its files stay')
  addSettings(remove, removeSpace, named)
}

function addSettings(
  command: Command,
  run: (
    loaded: Loaded,
    options: Record<string, string | undefined>,
    operands: readonly string[],
  ) => Promise<void>,
  {
    names = OPTION_NAMES,
    operand,
  }: { readonly names?: readonly OptionName[]; readonly operand?: string } = {},
): void {
  let noAuthTimes = 0
  if (operand !== undefined) command.argument(`<${operand}>`, 'the collection, such as /team')
  command.argument('[FOLDER]', helpOf('folder')).addHelpText('after', HELP_AFTER)
  for (const name of names) {
    const { notAFlag }: OptionDescription = OPTIONS[name]
    if (name !== 'folder' && !notAFlag) command.addOption(optionOf(name))
  }
  // Commander keeps whether a switch was given, not how often.
  command.on('option:no-auth', () => {
    noAuthTimes += 1
  })
  command.action(async () => {
    const operands = operand === undefined ? [] : command.args.slice(0, 1)
    const folder = command.args[operands.length]
    const flags: Given['flags'] = {
      ...flagsOf(command, names),
      folder,
      noAuth: NO_AUTH[noAuthTimes > 1 ? 2 : noAuthTimes],
    }
    const loaded = await loadSettings({ flags, environment: process.env, workingDirectory: process.cwd() })
    await run(loaded, command.opts(), operands)
  })
}

/** A command may have options of its own beside the settings. */
function flagsOf(command: Command, names: readonly OptionName[]): Given['flags'] {
  const given = command.opts<Given['flags']>()
  return Object.fromEntries(names.map((name) => [name, given[name]]))
}

// As it is written in the variable and the file.
const NO_AUTH = [undefined, 'true', 'everywhere'] as const

const HELP_AFTER = `
A setting comes from the flag, else the variable, else the file named by --config, else the default.
Sizes: 1048576, 500KB or 10GB (by 1000), 1.5MiB, 10GiB or 10G (by 1024).`

function optionOf(name: OptionName): Option {
  const { argument, isRepeatable }: OptionDescription = OPTIONS[name]
  const option = new Option(argument === null ? flagOf(name) : `${flagOf(name)} <${argument}>`, helpOf(name))
  if (argument !== null && isRepeatable) {
    option.argParser((value: string, before: readonly string[] = []) => [...before, value])
  }
  return option
}

function helpOf(name: OptionName): string {
  const { help, fallback }: OptionDescription = OPTIONS[name]
  return `${help} (default: ${showSetting(name, fallback)}; ${variableOf(name)})`
}

/** A server runs on where its first lines cannot be written: standard output may lie on the disk that is full. */
function outputFailed(error: NodeJS.ErrnoException): void {
  // `plimsoll config | head` closes the pipe early, which is no fault.
  if (error.code === 'EPIPE') return
  process.stderr.write(`plimsoll: cannot write to standard output: ${printable(error.message)}\n`)
  process.exitCode = 1
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

/** Says what went wrong, as one who typed the command can use it, and ends the process. */
function fail(error: unknown): never {
  // Commander has said it already.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  const { message, hint } = sentencesOf(error)
  process.stderr.write(`plimsoll: ${printable(message)}\n${hint === '' ? '' : `${printable(hint)}\n`}`)
  if (process.env.PLIMSOLL_DEBUG === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  process.exit(1)
}

function sentencesOf(error: unknown): { message: string; hint: string } {
  if (error instanceof StartError) return error
  const message = error instanceof Error ? error.message : String(error)
  return { message: `unexpected error: ${message}`, hint: 'PLIMSOLL_DEBUG=1 shows where it came from.' }
}
