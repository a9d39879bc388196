export function Collector() {
  return <p>soon</p>;
}
