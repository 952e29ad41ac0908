// Shows the markup that Python made, and tells Python what was clicked. Nothing is computed here.
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

// The points of a chart (`.plot .nines-hit`): each says its name on hover and focus; one tab stop for all of them, from
// which the arrow keys lead on; Enter or a click asks what the chart's `data-pick` promises; Escape hides what is said.
const POINT = ".plot .nines-hit"
const GAP_PX = 8
let told = null

function hide() {
  told?.tip.remove()
  told = null
}

function tell(point) {
  if (told?.point === point) return
  hide()
  const tip = document.createElement("div")
  tip.className = "tip"
  tip.popover = "manual"
  tip.setAttribute("aria-hidden", "true")
  for (const line of point.getAttribute("aria-label").split("\n")) {
    tip.append(Object.assign(document.createElement("p"), { textContent: line }))
  }
  point.closest(".board").append(tip)
  tip.showPopover?.()
  told = { point, tip }
  place()
}

// Beside a column, above anything else; always inside the window.
function place() {
  const { point, tip } = told
  const at = point.getBoundingClientRect()
  const { width, height } = tip.getBoundingClientRect()
  const beside = at.height > 60
  const right = at.right + GAP_PX
  const left = beside ? (right + width < innerWidth ? right : at.left - width - GAP_PX) : (at.left + at.right - width) / 2
  const over = at.top - height - GAP_PX
  const top = beside ? at.top + GAP_PX : over > 0 ? over : at.bottom + GAP_PX
  tip.style.left = `${Math.max(GAP_PX, Math.min(left, innerWidth - width - GAP_PX))}px`
  tip.style.top = `${Math.max(GAP_PX, Math.min(top, innerHeight - height - GAP_PX))}px`
}

addEventListener("scroll", () => told && (told.point.matches(":focus-visible") ? place() : hide()), { capture: true, passive: true })
addEventListener("keydown", event => {
  if (event.key !== "Escape" || !told) return
  hide()
  event.stopPropagation()
}, true)
addEventListener("pointerdown", event => told && !event.composedPath().includes(told.point) && hide(), true)

function readyPoints(root) {
  for (const plot of root.querySelectorAll(".plot")) {
    const role = plot.hasAttribute("data-pick") ? "button" : "img"
    for (const chart of plot.querySelectorAll(".nines-chart")) {
      chart.querySelectorAll(".nines-hit").forEach((point, at) => {
        point.setAttribute("role", role)
        point.setAttribute("tabindex", at ? "-1" : "0")
      })
    }
  }
}

// Left and right along the points of one kind, up and down to the nearest that lies there.
function nextPoint(point, key) {
  const all = [...point.closest(".nines-chart").querySelectorAll(".nines-hit")]
  const alike = all.filter(one => one.getAttribute("class") === point.getAttribute("class"))
  if (key === "Home") return alike[0]
  if (key === "End") return alike.at(-1)
  if (key === "ArrowLeft" || key === "ArrowRight") return alike[alike.indexOf(point) + (key === "ArrowLeft" ? -1 : 1)]
  if (key !== "ArrowUp" && key !== "ArrowDown") return undefined
  const middle = one => (box => [(box.left + box.right) / 2, (box.top + box.bottom) / 2])(one.getBoundingClientRect())
  const [x, y] = middle(point)
  const way = key === "ArrowUp" ? -1 : 1
  const near = all
    .map(one => ({ one, at: middle(one) }))
    .filter(({ at }) => (at[1] - y) * way > 1)
    .map(({ one, at }) => ({ one, far: Math.abs(at[1] - y) + 3 * Math.abs(at[0] - x) }))
  return near.sort((a, b) => a.far - b.far)[0]?.one
}

function go(point) {
  for (const one of point.closest(".nines-chart").querySelectorAll(".nines-hit")) one.setAttribute("tabindex", "-1")
  point.setAttribute("tabindex", "0")
  point.focus()
}

function asks(target) {
  const act = target.closest("[data-act]")?.dataset.act
  if (act) return act
  const point = target.closest(POINT)
  return point?.closest("[data-pick]") ? JSON.stringify({ do: "pick", key: point.dataset.key }) : undefined
}

function listen(root) {
  const say = target => {
    const act = asks(target)
    if (act) tellers.get(root)("act", act)
  }
  root.addEventListener("click", event => {
    const point = event.target.closest(POINT)
    // A finger cannot hover: its first touch tells, its second asks.
    if (point && event.pointerType === "touch" && told?.point !== point) tell(point)
    else say(event.target)
  })
  root.addEventListener("pointerover", event => {
    const point = event.target.closest(POINT)
    if (event.pointerType !== "touch") point ? tell(point) : event.target.closest(".tip") || hide()
  })
  root.addEventListener("pointerleave", event => event.pointerType === "touch" || hide())
  root.addEventListener("focusin", event => event.target.matches(`${POINT}:focus-visible`) && tell(event.target))
  root.addEventListener("focusout", event => event.target.matches(POINT) && hide())
  root.addEventListener("keydown", event => {
    if (!event.target.matches(POINT)) return
    const next = nextPoint(event.target, event.key)
    if (next) go(next)
    if (event.key === "Enter" || event.key === " ") say(event.target)
    if (next || event.key.startsWith("Arrow") || event.key === " ") event.preventDefault()
  })
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
  if (!tellers.has(root)) listen(root)
  tellers.set(root, setTriggerValue)
  boards.add(root)
  if (shown.get(root) !== data.html) {
    fill(root, data.html)
    shown.set(root, data.html)
  }
}
