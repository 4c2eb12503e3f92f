/* Runs in the page of Mirador: opens it on the manifest that the page names. */
/* global Mirador */

const { manifest } = document.getElementById('mirador').dataset
Mirador.viewer({
  id: 'mirador',
  windows: [{ manifestId: new URL(manifest, location.href).href }],
  window: { allowClose: false, allowMaximize: false },
  workspaceControlPanel: { enabled: false },
  selectedTheme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
})
