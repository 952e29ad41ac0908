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

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".board")
  if (!root) return
  root.dataset.theme = isDark(parentElement.host ?? parentElement) ? "dark" : "light"
  if (!tellers.has(root)) {
    listen(root, target => {
      const act = asks(target)
      if (act) tellers.get(root)("act", act)
    })
  }
  tellers.set(root, setTriggerValue)
  if (shown.get(root) !== data.html) {
    fill(root, data.html)
    shown.set(root, data.html)
  }
}
