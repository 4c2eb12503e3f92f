import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { listOptions, optionGroups } from '../../src/server/options/table.js'
import { describeDefault, formatFlags } from '../../src/server/print-options.js'

const page = readFileSync('src/docs/server.md', 'utf8')

it.each(optionGroups)('the page on the server has the options of the table, and no others: $title', group => {
  const [, section = ''] = page.split(`### ${group.title}\n`)
  const [own = ''] = section.split(/^##/m)
  const documented = own.split('\n').filter(line => line.startsWith('| `'))
  const expected = listOptions(group).map(
    option =>
      `| \`${option.name}\` | \`${formatFlags(option).replaceAll('|', '\\|')}\` | ${describeDefault(option)} | ${option.help} |`,
  )
  expect(documented).toEqual(expected)
})

it('the page on the server has no group that the table has not', () => {
  expect([...page.matchAll(/^### (.*)$/gm)].map(([, title]) => title)).toEqual(
    optionGroups.map(({ title }) => title),
  )
})
