// A document as it came: its bytes if it is no JSON, else set out so that it can be read. And a way to send it again.
import { copy } from "./toast.tsx";

/// So much is shown; the copy holds all.
const shownMax = 200_000;

export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/// A command for a shell: the body is quoted as one word, whatever it holds.
export const curlOf = (url: string, body: string): string =>
  `curl -i ${url} -H 'Content-Type: application/json' -d '${body.replaceAll("'", "'\\''")}'`;

export function Payload({ text, url, label }: { text: string; url?: string; label: string }) {
  const laid = pretty(text);
  return (
    <div class="payload">
      <p class="actions">
        <button type="button" class="button" onClick={() => copy(text, "the document")}>
          Copy
        </button>
        {url && (
          <button
            type="button"
            class="button"
            onClick={() => copy(curlOf(url, text), "the command")}
          >
            Copy as curl
          </button>
        )}
      </p>
      <pre tabIndex={0} role="group" aria-label={label}>
        {laid.slice(0, shownMax)}
        {laid.length > shownMax && `\n… ${laid.length - shownMax} characters more: copy it`}
      </pre>
    </div>
  );
}
