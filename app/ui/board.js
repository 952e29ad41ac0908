// Shows the markup that Python made, and tells Python what was clicked. Nothing is computed here. Stands behind points.js.
const shown = new WeakMap()
const tellers = new WeakMap()
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

function asks(target) {
  const act = target.closest("[data-act]")?.dataset.act
  if (act) return act
  const point = target.closest(POINT)
  return point?.closest("[data-pick]") ? JSON.stringify({ do: "pick", key: point.dataset.key }) : undefined
}

// What had the focus keeps it where the new markup has it too.
function fill(root, html) {
  const had = root.getRootNode().activeElement
  const name = root.contains(had) && ["data-act", "data-key"].find(one => had.hasAttribute(one))
  if (told && root.contains(told.point)) hide()
  root.innerHTML = html
  readyPoints(root)
  const same = name && [...root.querySelectorAll(`[${name}]`)].find(
    one => one.getAttribute(name) === had.getAttribute(name) && one.checkVisibility()
  )
  if (same) same.matches(POINT) ? go(same) : same.focus({ preventScroll: true })
}

// A button with `data-keys` is also clicked by these keys, wherever the reader is but where keys mean something already:
// in a field, in a dialog, on a chart's points.
const boards = new Set()
const TYPED = "input, textarea, select, [contenteditable], [role=combobox], [role=listbox], [role=dialog], .nines-hit"

function inner(at) {
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
  return at
}

function alive(selector) {
  for (const root of boards) if (!root.isConnected) boards.delete(root)
  return [...boards].flatMap(root => [...root.querySelectorAll(selector)]).filter(one => one.checkVisibility())
}

if (!window.ninesBoardKeys) {
  window.ninesBoardKeys = true
  addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return
    if (inner(document.activeElement)?.closest(TYPED) || document.querySelector("[role=dialog]")) return
    const found = alive("[data-keys]").find(one => one.dataset.keys.split(" ").includes(event.key))
    if (!found) return
    event.preventDefault()
    found.click()
  })
  // A `data-timer` counts how long it was shown, under its name, for as long as the browser's tab lives.
  let last = Date.now()
  setInterval(() => {
    const now = Date.now()
    for (const one of alive("[data-timer]")) {
      const name = `nines:${one.dataset.timer}`
      const ran = Number(sessionStorage.getItem(name) ?? 0) + (now - last)
      sessionStorage.setItem(name, String(ran))
      const seconds = Math.floor(ran / 1000)
      const hours = Math.floor(seconds / 3600)
      const minutes = Math.floor(seconds / 60) % 60
      const rest = String(seconds % 60).padStart(2, "0")
      one.textContent = hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`
    }
    last = now
  }, 1000)
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".board")
  if (!root) return
  root.dataset.theme = isDark(parentElement.host ?? parentElement) ? "dark" : "light"
  document.documentElement.style.colorScheme = root.dataset.theme
  if (!tellers.has(root)) {
    listen(root, target => {
      const act = asks(target)
      if (act) tellers.get(root)("act", act)
    })
  }
  tellers.set(root, setTriggerValue)
  boards.add(root)
  if (shown.get(root) !== data.html) {
    fill(root, data.html)
    shown.set(root, data.html)
  }
}
