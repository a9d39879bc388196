export function Events() {
  return <p>soon</p>;
}
