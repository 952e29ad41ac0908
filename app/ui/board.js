// Shows the markup that Python made, and tells Python what was clicked. Nothing is computed here.
const shown = new WeakMap()
const ONE_STEP_MS = 800

// One step of the reader is one entry of the browser's history, though Streamlit pushes up to three for it (parameters,
// bound parameters, page): without this, Back from an incident sometimes stays there.
if (!history.oneStepOneEntry) {
  const push = history.pushState
  let last = -Infinity
  history.oneStepOneEntry = true
  history.pushState = function (...entry) {
    const again = performance.now() - last < ONE_STEP_MS
    last = performance.now()
    return again ? history.replaceState(...entry) : push.apply(history, entry)
  }
}

function isDark(host) {
  const probe = getComputedStyle(host).getPropertyValue("--st-background-color").trim()
  const match = /^#([0-9a-f]{6})/i.exec(probe)
  const parts = match
    ? [0, 2, 4].map(at => parseInt(match[1].slice(at, at + 2), 16))
    : (probe.match(/\d+(\.\d+)?/g) ?? ["255", "255", "255"]).slice(0, 3).map(Number)
  return 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2] < 128
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".board")
  if (!root) return
  root.dataset.theme = isDark(parentElement.host ?? parentElement) ? "dark" : "light"
  if (shown.get(root) !== data.html) {
    root.innerHTML = data.html
    shown.set(root, data.html)
  }
  root.onclick = event => {
    const target = event.target.closest("[data-act]")
    if (target) setTriggerValue("act", target.dataset.act)
  }
}
