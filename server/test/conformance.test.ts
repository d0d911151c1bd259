import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { conformanceOf, isUpToDate, parseRequirements } from '../scripts/conformance.ts'
import { idsIn, titlesOf } from '../scripts/test-titles.ts'
import { temporaryFolder } from './support/folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

describe('docs/requirements.md', () => {
  const { page, open, problems } = conformanceOf(ROOT)

  it('has a test or a reason for every MUST', () => {
    assert.deepEqual(open, [])
  })

  it('has one line for each ID, and every line that a test or a reason names', () => {
    assert.deepEqual(problems, [])
  })

  it('is what docs/conformance.md was written from, with the tests there are: npm run conformance', () => {
    assert.ok(isUpToDate(ROOT, page))
  })
})

describe('the list of requirements', () => {
  const head =
    '| ID | source § | level | method(s) | requirement | expected |\n| --- | --- | --- | --- | --- | --- |\n'

  it('is read with the section and the level of each line', () => {
    const levels = ['MUST NOT', 'MUST if on', 'MUST (D1)', 'SHOULD NOT', 'RECOMMENDED', 'MAY (D2)', 'note']
    const rows = levels
      .map((level, index) => `| AB-0${index} | x | ${level} | PUT | a \\| b | – |`)
      .join('\n')

    const { lines, problems } = parseRequirements(`## 7. Seven\n\n${head}${rows}\n`)

    const read = lines.map(({ id, section, level }) => `${id} ${section} ${level}`)
    assert.deepEqual(problems, [])
    assert.deepEqual(read, [
      'AB-00 7. Seven MUST',
      'AB-01 7. Seven MUST',
      'AB-02 7. Seven MUST',
      'AB-03 7. Seven SHOULD',
      'AB-04 7. Seven SHOULD',
      'AB-05 7. Seven MAY',
      'AB-06 7. Seven note',
    ])
  })

  it('takes every row of the matrix for a MUST', () => {
    const { lines } = parseRequirements('## 2. Matrix\n\n| MX-01 | PUT | A | R | 507 | c | N | CL |\n')

    assert.deepEqual(lines, [{ id: 'MX-01', section: '2. Matrix', level: 'MUST' }])
  })

  it('has reasons for single lines, ranges and all of a prefix', () => {
    const rows = ['AB-01', 'AB-02', 'AB-03', 'CD-01', 'CD-02', 'EF-01'].map(
      (id) => `| ${id} | x | MUST | PUT | a | b |`,
    )

    const { reasons } = parseRequirements(`${rows.join('\n')}\n| AB-02..AB-03, CD-* | later |\n`)

    assert.deepEqual([...reasons.keys()], ['AB-02', 'AB-03', 'CD-01', 'CD-02'])
  })

  it('is told what is wrong with it', () => {
    const row = '| AB-01 | x | MUST | PUT | a | b |\n'

    const { problems } = parseRequirements(`${row}${row}| AB-02 | x | D6 | PUT | a | b |\n| XY-* | gone |\n`)

    assert.deepEqual(problems, [
      'docs/requirements.md has AB-01 twice',
      'docs/requirements.md gives AB-02 no level: D6',
      'docs/requirements.md gives a reason that fits no line: XY-*',
    ])
  })
})

describe('a test shows a line', () => {
  const counted: readonly (readonly [title: string, source: string])[] = [
    ['by an ID in its title', `it('stores (AB-01)', () => {})`],
    ['by an ID in a template', `test(\`\${count} times (AB-01)\`, { skip: cannotMount() }, run)`],
    ['by an ID in a title of several pieces', `it('stores ' + (what) + ' (AB-01)', run)`],
    [
      'in a table beside it',
      `for (const [what, id] of [['x', 'AB-01']] as const) { it(\`\${what} (\${id})\`, run) }`,
    ],
    [
      'in a table above it',
      `const rows = [{ id: 'AB-01' }]\nfor (const { id } of rows) it(\`says \${id}\`, run)`,
    ],
    ['in a table of tables', "const a = ['AB-01']\nfor (const row of [...a, ...b]) { it(row, run) }"],
    [
      'in the keys and values of a record',
      "const rows = { 'x (AB-01)': 1 }\nfor (const [x] of Object.entries(rows)) it(x)",
    ],
    ['in a constant', "const TITLE = 'is (AB-01)'\nit(TITLE, run)"],
    ['behind a regular expression that looks like a comment', "const a = /[/*]'/\nit('x (AB-01)', run)"],
    ['behind a template in a template', `const a = \`\${b(\`}\`)}\\\`\`\nit("x (AB-01)", run)`],
  ]
  for (const [title, source] of counted) {
    it(title, () => {
      assert.deepEqual(idsOf(source), ['AB-01'])
    })
  }

  const uncounted: readonly (readonly [title: string, source: string])[] = [
    ['by a comment', "// it('x (AB-01)')\n/* it('x (AB-01)') */ it('x' /* AB-01 */, run) // AB-01"],
    ['by the title of a group', "describe('x (AB-01)', () => { it('y', run) })"],
    ['by a string in its body', "it('x', () => { assert.equal(a, 'AB-01') })"],
    ['when it is skipped or still to be done', "it.skip('x (AB-01)')\nit.todo('y (AB-01)')"],
    ['when it is always skipped', "it('x (AB-01)', { timeout: 1, skip: 'AB-01 is hard' }, run)"],
    ['when its group is skipped', "describe.skip('g', () => { it('x (AB-01)', run) })"],
    ['when its group is always skipped', "describe('g', { skip: true }, () => { it('x (AB-01)', run) })"],
    ['by a regular expression of that name', "/x/.test('AB-01')"],
    [
      'by a table that fills no title',
      "const rows = ['AB-01']\nfor (const row of rows) { use(row) }\nit('x', run)",
    ],
    [
      'by a table in another block',
      "it('x', () => { const rows = ['AB-01'] })\nfor (const row of rows) it(row, run)",
    ],
    ['by source that is quoted', 'const source = "it(\'x (AB-01)\')"'],
  ]
  for (const [title, source] of uncounted) {
    it(`not ${title}`, () => {
      assert.deepEqual(idsOf(source), [])
    })
  }

  it('by a range, all its lines', () => {
    const ids = idsIn('x (AB-08 to AB-11, CD-01) UTF-16 AB-123')

    assert.deepEqual(ids, ['AB-08', 'AB-09', 'AB-10', 'AB-11', 'CD-01', 'UTF-16'])
  })

  it('is shown with the row that fills it, where the row says more than the line', () => {
    const source = `for (const [what, id] of [['empty (AB-01)', 'AB-02']]) it(\`refuses \${what}: \${id}\`, run)`

    const shown = titlesOf(source).map(({ text }) => text)

    assert.deepEqual(shown, ['refuses …: …', 'refuses …: … – empty (AB-01)', 'refuses …: …'])
  })
})

describe('the page', () => {
  it('says what shows a line, what excuses it, and which MUST is open', (test) => {
    const root = temporaryFolder(test)
    const rows = ['AB-01', 'AB-02', 'AB-03'].map((id) => `| ${id} | x | MUST | PUT | a | b |`).join('\n')
    mkdirSync(join(root, 'docs'))
    mkdirSync(join(root, 'server/test/suite'), { recursive: true })
    writeFileSync(join(root, 'docs/requirements.md'), `## 1. One\n\n${rows}\n| AB-02 | later |\n`)
    writeFileSync(join(root, 'server/test/a.test.ts'), "import { cases } from './suite/cases.ts'\ncases()\n")
    writeFileSync(join(root, 'server/test/suite/cases.ts'), "it('a <b> | c (AB-01, AB-99)', run)\n")
    writeFileSync(join(root, 'server/test/suite/unused.ts'), "it('never run (AB-03)', run)\n")

    const { page, open, problems } = conformanceOf(root)

    assert.deepEqual(open, ['AB-03'])
    assert.deepEqual(problems, [
      'server/test/suite/cases.ts names AB-99, which is no line of docs/requirements.md',
    ])
    assert.deepEqual(
      page.split('\n').filter((line) => line.startsWith('| AB-')),
      [
        '| AB-01 | MUST | `server/test/suite/cases.ts`<br>• a &lt;b> \\| c (AB-01, AB-99) |',
        '| AB-02 | MUST | later |',
        '| AB-03 | MUST | **open** |',
      ],
    )
    assert.match(page, /^\| 1\. One \| 1 \/ 1 \/ 1 \| – \| – \| – \|$/m)
    assert.match(page, /Without test or reason: AB-03\./)
  })
})

function idsOf(source: string): readonly string[] {
  return titlesOf(source).flatMap((title) => idsIn(title.source))
}
