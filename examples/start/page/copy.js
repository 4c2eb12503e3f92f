/* The buttons that copy an address. What they have done is said once, for eyes and for screen readers. */
const said = document.getElementById('said')
let forgetting = 0

export function say(text) {
  clearTimeout(forgetting)
  said.textContent = text
  forgetting = setTimeout(() => {
    said.textContent = ''
  }, 4000)
}

document.addEventListener('click', async event => {
  const button = event.target.closest('.copy')
  if (!button) return
  const source = document.getElementById(button.dataset.copyFrom)
  const text = source ? source.textContent : new URL(button.dataset.copy, location.href).href
  try {
    await navigator.clipboard.writeText(text)
    say('Copied.')
  } catch {
    // Only secure pages may write to the clipboard; this one may be shown to a network without TLS.
    selectText(source ?? button.parentElement.querySelector('.address'))
    say('Press Ctrl+C to copy.')
  }
})

function selectText(element) {
  const range = document.createRange()
  range.selectNodeContents(element)
  const selection = getSelection()
  selection.removeAllRanges()
  selection.addRange(range)
}

// Whole addresses, ready to be copied into another viewer.
for (const link of document.querySelectorAll('.address')) link.textContent = link.href
