/* The frame of these tests: a honeydew behind each proxy, with the configuration of the examples. */
import { afterAll, beforeAll, describe } from 'vitest'
import { type Client, createClient } from './client.js'
import { type ProxyKind, proxies, type RunningProxy } from './servers.js'
import { startUpstream, type Upstream } from './upstream.js'

/** A honeydew, the proxy in front of it, and a client; all there when the first test begins. */
export interface Chain {
  readonly upstream: Upstream
  readonly client: Client
  readonly ports: RunningProxy['ports']
}

/** Describes honeydew behind each proxy that is installed; the others are told as skipped. */
export function describeBehind(
  body: (chain: Chain, kind: ProxyKind) => void,
  kinds: readonly ProxyKind[] = proxies,
): void {
  describe.each(kinds)('behind $name', kind => {
    describe.skipIf(!kind.isInstalled)('with the configuration of the examples', () => {
      const chain = {} as { -readonly [Part in keyof Chain]: Chain[Part] }
      let proxy: RunningProxy
      beforeAll(async () => {
        chain.upstream = await startUpstream()
        proxy = await kind.start(chain.upstream.address)
        chain.client = createClient(proxy)
        chain.ports = proxy.ports
      })
      afterAll(async () => {
        chain.client?.close()
        await proxy?.stop()
        await chain.upstream?.close()
      })
      body(chain, kind)
    })
  })
}
