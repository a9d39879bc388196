// Begins.
import { render } from "preact";
import { App } from "./app.tsx";
import { startRefreshing } from "./data/live.ts";
import { listenToHistory } from "./state/location.ts";
import { startClock } from "./state/range.ts";
import { applyTheme } from "./state/settings.ts";
import "./styles/main.css";

applyTheme();
listenToHistory();
startClock();
startRefreshing();
render(<App />, document.getElementById("app")!);
