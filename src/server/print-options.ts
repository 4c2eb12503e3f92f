/* The options as text: all that there are, and what they are now. */
import { formatFlag, formatVariable } from './options/option.js'
import { listOptions, type NamedOption, optionGroups, showValue } from './options/table.js'
import type { Resolution } from './resolve.js'

/** Lists all options: flag, variable, what it is, and what holds where nothing is said. */
export function listAllOptions(): string {
  const groups = optionGroups.map(group => {
    const lines = listOptions(group).map(option => {
      const { name, help } = option
      return `  ${formatFlags(option)}\n      ${help} (${describeDefault(option)})\n      ${formatVariable(name)}\n`
    })
    return `${group.title}\n${lines.join('')}`
  })
  return groups.join('\n')
}

/** Writes the flags of an option: `--http2, --no-http2`. */
export function formatFlags({ name, type }: NamedOption): string {
  const flag = formatFlag(name)
  return `--${flag}${type.sign && ` ${type.sign}`}${type.canBeOff ? `, --no-${flag}` : ''}`
}

/** Tells what holds where nothing is said. */
export function describeDefault(option: NamedOption): string {
  if (option.default === undefined) return option.otherwise ?? ''
  return showValue(option, option.default).replace(/^"(.*)"$/, '$1')
}

/** Writes what the options are, and where each value comes from. What is secret is not told. */
export function printOptions({ settings, origins, config, configPath }: Resolution): string {
  const rows = optionGroups.flatMap(group => [
    [`# ${group.title}`],
    ...listOptions(group).map(option => {
      const value = settings[option.name]
      const shown = value === undefined ? `(${option.otherwise})` : showValue(option, value)
      return [option.name, shown, origins.get(option.name) ?? 'default']
    }),
  ])
  const others = Object.entries(config).map(([name, value]) => [
    name,
    describeKeys(value),
    'configuration file',
  ])
  const all = [
    ...rows,
    ...(configPath === undefined ? [] : [['# Configuration file'], [configPath], ...others]),
  ]
  const widths = [0, 1].map(column =>
    Math.min(40, Math.max(...all.filter(row => row.length > 1).map(row => row[column]?.length ?? 0))),
  )
  return all
    .map(
      row =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/* The names alone: what stands behind them may be secret. */
function describeKeys(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.keys(value).join(', ') : typeof value
}
