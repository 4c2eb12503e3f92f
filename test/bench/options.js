/* The command line of the benchmark. */
import { parseArgs } from 'node:util'

export const usage = `npm run bench -- [options]

  --quick           24 megapixels and the rows of the targets: two minutes instead of fifteen
  --rows a,b        only these rows
  --json FILE       write the figures to a file, too
  --peers DIR       a folder in which iiif-processor 7 is installed
  --install-peers   install it, into a temporary folder or into DIR
  --iipimage PATH   an iipsrv.fcgi beside Debian's, for example of version 1.3
  --help
`

/** @param {string[]} words */
export function parseOptions(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      quick: { type: 'boolean', default: false },
      rows: { type: 'string' },
      json: { type: 'string' },
      peers: { type: 'string' },
      'install-peers': { type: 'boolean', default: false },
      iipimage: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const { 'install-peers': installPeers, rows, ...others } = values
  return { ...others, installPeers, rows: rows?.split(',') }
}
