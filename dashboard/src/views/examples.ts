// Events to begin with: what the form of the collector's page offers. Shapes of CDEvents 0.5.1
// (https://github.com/cdevents/spec). Pure functions.

export interface Example {
  readonly name: string;
  readonly type: string;
  readonly subject: Record<string, unknown>;
}

export const examples: readonly Example[] = [
  {
    name: "a deployment",
    type: "dev.cdevents.service.deployed.0.3.0",
    subject: {
      id: "my-service",
      content: {
        environment: { id: "production" },
        artifactId: "pkg:oci/my-service@1.0.0",
      },
    },
  },
  {
    name: "an incident",
    type: "dev.cdevents.incident.detected.0.3.0",
    subject: {
      id: "INC-1",
      content: {
        description: "slow answers",
        environment: { id: "production" },
        service: { id: "my-service" },
      },
    },
  },
  {
    name: "a pipeline that finished",
    type: "dev.cdevents.pipelinerun.finished.0.3.0",
    subject: {
      id: "build-1",
      content: { pipelineName: "build", outcome: "success" },
    },
  },
  {
    name: "a merged change",
    type: "dev.cdevents.change.merged.0.3.0",
    subject: { id: "change-1", content: { repository: { id: "my-repository" } } },
  },
];

/// @param now  milliseconds since the epoch
/// @param id  what makes this event another one than the last
/// @param indent  spaces a level; 0 for one line
export function eventOf(example: Example, now: number, id: string, indent = 2): string {
  return JSON.stringify(
    {
      context: {
        specversion: "0.5.1",
        id,
        source: "/try",
        type: example.type,
        timestamp: new Date(now).toISOString(),
      },
      subject: example.subject,
    },
    null,
    indent,
  );
}
