// Before the first paint, so that a dark page never flashes white: the address, else what was chosen here before.
(() => {
  let theme = new URLSearchParams(location.search).get("theme");
  try {
    theme ??= localStorage.getItem("cdviz.theme");
  } catch {
    // storage is forbidden
  }
  document.documentElement.dataset.theme = theme === "light" || theme === "dark" ? theme : "auto";
})();
