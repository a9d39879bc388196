#include "cdevents/vocabulary_table.h"

namespace cdviz::cdevents {

// clang-format off: a table is read by its columns
constexpr std::array<NamedShape, 25> kNamedShapes = {{
    {"REF", "{id!:s1, source:ref1}"},
    {"REFs", "{id!:s1, source:s}"},
    {"OUTCOME", "(success|failure|cancel|error)"},
    {"OUTCOME_OLD", "(pass|fail|cancel|error)"},
    {"SEV", "(low|medium|high|critical)"},
    {"TRIGGER", "{type:(manual|pipeline|event|schedule|other), uri:uri}+"},
    {"TESTCASE",
     "{id!:s1, version:s, name:s, "
     "type:(performance|functional|unit|security|compliance|integration|e2e|other), uri:uri}"},
    {"TESTSUITE", "{id!:s1, version:s, name:s, uri:uri}"},
    {"DECISION", "(escalated|delegate|deferred|requestChanges|approved|rejected)"},
    {"TICKETTYPE", "(bug|enhancement|incident|task|question|s*)"},
    {"PRIORITY", "(low|medium|high|s*)"},
    {"CUSTOM_DATA", "<{}+|s>"},
    // Links. Those of 0.4.0 as its documents and examples have them: its schemas admit none.
    {"FROM", "{contextId!:s1}+"},
    {"PATH", "{linkType!:(PATH), from!:FROM, tags:{}+}"},
    {"END", "{linkType!:(END), from:FROM, tags:{}+}"},
    {"RELATION", "{linkType!:(RELATION), linkKind!:s1, target!:{contextId:s1}+, tags:{}+}"},
    {"LINKS_0_4_1", "<RELATION|PATH|END>[]"},
    {"OLD_FROM", "{context_id!:s1}+"},
    {"OLD_PATH", "{link_type!:(PATH), from!:OLD_FROM, tags:{}+}"},
    {"OLD_END", "{link_type!:(END), from:OLD_FROM, tags:{}+}"},
    {"OLD_RELATION", "{link_type!:(RELATION), link_kind!:s1, target!:{context_id:s1}+, tags:{}+}"},
    {"LINKS_0_4_0", "<OLD_RELATION|OLD_PATH|OLD_END|RELATION|PATH|END>[]"},
    {"NEXT_FROM", "{contextId:s1, domainId:s1}+?"},
    {"LINKS_NEXT",
     "<{linkType!:(RELATION), linkKind!:s1, target!:{contextId:s1, domainId:domain}+?, tags:{}+}|"
     "{linkType!:(PATH), from!:NEXT_FROM, tags:{}+}|{linkType!:(END), from:NEXT_FROM, "
     "tags:{}+}>[]"},
    {"ANYTHING", "{}+"},
}};

constexpr std::array<EnvelopeLine, 7> kEnvelopeLines = {{
    {"0.1",
     "{context!:{version!:s1, id!:s1, source!:s1, type!:TYPE, timestamp!:time}, "
     "subject!:{id!:s1, source:s, type!:s1, content!:CONTENT}, "
     "customData:CUSTOM_DATA, customDataContentType:s}"},
    {"0.2",
     "{context!:{version!:s1, id!:s1, source!:SOURCE, type!:TYPE, timestamp!:time}, "
     "subject!:{id!:s1, source:SUBJECT_SOURCE, type!:SUBJECT, content!:CONTENT}, "
     "customData:CUSTOM_DATA, customDataContentType:s}"},
    {"0.4",
     "{context!:{version!:s1, id!:s1, source!:SOURCE, type!:TYPE, timestamp!:time, "
     "schemaUri:uri1, chainId:s1, chain_id~:s1, links:LINKS}, "
     "subject!:{id!:s1, source:SUBJECT_SOURCE, type!:SUBJECT, content!:CONTENT}, "
     "customData:CUSTOM_DATA, customDataContentType:s}"},
    {"0.5",
     "{context!:{specversion!:s1, id!:s1, source!:SOURCE, type!:TYPE, timestamp!:time, "
     "schemaUri:uri1, chainId:s1, links:LINKS}, "
     "subject!:{id!:s1, source:SUBJECT_SOURCE, content!:CONTENT}, "
     "customData:CUSTOM_DATA, customDataContentType:s}"},
    // ticket.closed: subject.type was forgotten when the others lost it
    {"0.5 with subject.type",
     "{context!:{specversion!:s1, id!:s1, source!:SOURCE, type!:TYPE, timestamp!:time, "
     "schemaUri:uri1, chainId:s1, links:LINKS}, "
     "subject!:{id!:s1, source:SUBJECT_SOURCE, type:SUBJECT, content!:CONTENT}, "
     "customData:CUSTOM_DATA, customDataContentType:s}"},
    {"custom 0.4",
     "{context!:{version!:s1, id!:s1, source!:ref1, type!:customtype, timestamp!:time, "
     "schemaUri:uri1, chainId:s1, chain_id~:s1, links:LINKS}, "
     "subject!:{id!:s1, source:ref1, type!:customsubject, content!:ANYTHING}, "
     "customData:CUSTOM_DATA, customDataContentType:s}"},
    {"custom 0.5",
     "{context!:{specversion!:s1, id!:s1, source!:ref1, type!:customtype, timestamp!:time, "
     "schemaUri:uri1, chainId:s1, links:LINKS}, "
     "subject!:{id!:s1, source:ref1, content!:ANYTHING}, "
     "customData:CUSTOM_DATA, customDataContentType:s}"},
}};

//                                              0.1.0 0.1.1 0.1.2 0.2.0 0.3.0 0.4 0.5 next
constexpr std::array<VersionLine, 21> kVersionLines = {{
    {"pipelinerun.{queued,started,finished}", "0.1.0 0.1.0 0.1.0 0.1.1 0.1.1 0.2.0 0.3.0 0.3.0"},
    {"taskrun.{started,finished}", "0.1.0 0.1.0 0.1.0 0.1.1 0.1.1 0.2.0 0.3.0 0.3.0"},
    {"repository.{created,modified,deleted}", "0.1.0 0.1.0 0.1.0 0.1.1 0.1.1 0.2.0 0.3.0 0.3.0"},
    {"branch.{created,deleted}", "0.1.0 0.1.1 0.1.1 0.1.2 0.1.2 0.2.0 0.3.0 0.3.0"},
    {"change.created", "0.1.0 0.1.1 0.1.1 0.1.2 0.1.2 0.3.0 0.4.0 0.4.0"},
    {"change.{updated,reviewed,merged,abandoned}",
     "0.1.0 0.1.1 0.1.1 0.1.2 0.1.2 0.2.0 0.3.0 0.3.0"},
    {"build.{queued,started,finished}", "0.1.0 0.1.0 0.1.0 0.1.1 0.1.1 0.2.0 0.3.0 0.3.0"},
    {"artifact.{packaged,published}", "0.1.0 0.1.0 0.1.0 0.1.1 0.1.1 0.2.0 0.3.0 0.3.0"},
    {"artifact.signed", "- - - - 0.1.0 0.2.0 0.3.0 0.3.0"},
    {"artifact.{downloaded,deleted}", "- - - - - 0.1.0 0.2.0 0.2.0"},
    {"testcase.{queued,started,finished}", "0.1.0 0.1.0 0.1.0 0.1.1 - - - -"},
    {"testsuite.{started,finished}", "0.1.0 0.1.0 0.1.0 0.1.1 - - - -"},
    {"testcaserun.{queued,started,finished}", "- - - - 0.1.0 0.2.0 0.3.0 0.3.0"},
    {"testcaserun.skipped", "- - - - - 0.1.0 0.2.0 0.2.0"},
    {"testsuiterun.{queued,started,finished}", "- - - - 0.1.0 0.2.0 0.3.0 0.3.0"},
    {"testoutput.published", "- - - - 0.1.0 0.2.0 0.3.0 0.3.0"},
    {"environment.{created,modified,deleted}",
     "0.1-draft 0.1-draft 0.1.0 0.1.1 0.1.1 0.2.0 0.3.0 0.3.0"},
    {"service.{published,deployed,upgraded,rolledback,removed}",
     "0.1-draft 0.1-draft 0.1.0 0.1.1 0.1.1 0.2.0 0.3.0 0.3.0"},
    {"incident.{detected,reported,resolved}", "- - - 0.1.0 0.1.0 0.2.0 0.3.0 0.3.0"},
    {"ticket.{created,updated,closed}", "- - - - - 0.1.0 0.2.0 0.2.0"},
    {"approval.{created,updated,closed}", "- - - - - - - 0.1.0"},
}};

constexpr std::array<ContentLine, 61> kContentLines = {{
    {"pipelinerun.finished", Release::v0_1_0, Release::v0_4,
     "{pipelineName:s, url:s, outcome:s, errors:s}"},
    {"pipelinerun.finished", Release::v0_5, Release::next,
     "{pipelineName:s, uri:uri, outcome:OUTCOME, errors:s}"},
    {"pipelinerun.queued", Release::v0_1_0, Release::v0_4, "{pipelineName:s, url:s}"},
    {"pipelinerun.queued", Release::v0_5, Release::next, "{pipelineName:s, uri:uri}"},
    {"pipelinerun.started", Release::v0_1_0, Release::v0_4, "{pipelineName!:s, url!:s}"},
    {"pipelinerun.started", Release::v0_5, Release::next, "{pipelineName!:s, uri!:uri}"},
    {"taskrun.finished", Release::v0_1_0, Release::v0_1_2,
     "{taskName:s, url:s, pipelineRun:REFs, outcome:s, errors:s}"},
    {"taskrun.finished", Release::v0_2_0, Release::v0_4,
     "{taskName:s, url:s, pipelineRun:REF, outcome:s, errors:s}"},
    {"taskrun.finished", Release::v0_5, Release::v0_5,
     "{taskName:s, uri:uri, pipelineRun:REF, outcome:s, errors:s}"},
    {"taskrun.finished", Release::next, Release::next,
     "{taskName:s, uri:uri, pipelineRun:REF, outcome:OUTCOME, errors:s}"},
    {"taskrun.started", Release::v0_1_0, Release::v0_1_2, "{taskName:s, url:s, pipelineRun:REFs}"},
    {"taskrun.started", Release::v0_2_0, Release::v0_4, "{taskName:s, url:s, pipelineRun:REF}"},
    {"taskrun.started", Release::v0_5, Release::next, "{taskName:s, uri:uri, pipelineRun:REF}"},
    {"repository.created", Release::v0_1_0, Release::v0_4,
     "{name!:s1, owner:s, url!:s1, viewUrl:s}"},
    {"repository.created", Release::v0_5, Release::next,
     "{name!:s1, owner:s, uri!:uri, viewUrl:uri}"},
    {"repository.{deleted,modified}", Release::v0_1_0, Release::v0_4,
     "{name:s, owner:s, url:s, viewUrl:s}"},
    {"repository.{deleted,modified}", Release::v0_5, Release::next,
     "{name:s, owner:s, uri:uri, viewUrl:uri}"},
    {"branch.{created,deleted}", Release::v0_1_0, Release::v0_1_0, "{repository!:REFs}"},
    {"branch.{created,deleted}", Release::v0_1_1, Release::v0_1_2, "{repository:REFs}"},
    {"branch.{created,deleted}", Release::v0_2_0, Release::next, "{repository:REF}"},
    {"change.{abandoned,created,merged,reviewed,updated}", Release::v0_1_0, Release::v0_1_0,
     "{repository!:REFs}"},
    {"change.{abandoned,created,merged,reviewed,updated}", Release::v0_1_1, Release::v0_1_2,
     "{repository:REFs}"},
    {"change.{abandoned,merged,reviewed,updated}", Release::v0_2_0, Release::next,
     "{repository:REF}"},
    {"change.created", Release::v0_2_0, Release::v0_3_0, "{repository:REF}"},
    {"change.created", Release::v0_4, Release::next, "{description:s1, repository:REF}"},
    {"build.finished", Release::v0_1_0, Release::next, "{artifactId:s}"},
    {"build.{queued,started}", Release::v0_1_0, Release::next, "{}"},
    {"artifact.{deleted,downloaded}", Release::v0_4, Release::next, "{user:s1}"},
    {"artifact.packaged", Release::v0_1_0, Release::v0_1_2, "{change!:REFs}"},
    {"artifact.packaged", Release::v0_2_0, Release::v0_3_0, "{change!:REF}"},
    {"artifact.packaged", Release::v0_4, Release::next, "{change!:REF, sbom:{uri!:ref1}}"},
    {"artifact.published", Release::v0_1_0, Release::v0_3_0, "{}"},
    {"artifact.published", Release::v0_4, Release::next, "{sbom:{uri!:ref1}, user:s1}"},
    {"artifact.signed", Release::v0_3_0, Release::next, "{signature!:s1}"},
    {"testcase.{finished,queued,started}", Release::v0_1_0, Release::v0_2_0, "{}"},
    {"testsuite.{finished,started}", Release::v0_1_0, Release::v0_2_0, "{}"},
    {"testcaserun.finished", Release::v0_3_0, Release::v0_4,
     "{outcome!:OUTCOME_OLD, severity:SEV, reason:s, environment!:REF, testSuiteRun:REFs, "
     "testCase:TESTCASE}"},
    {"testcaserun.finished", Release::v0_5, Release::next,
     "{outcome!:OUTCOME, severity:SEV, reason:s, environment!:REF, testSuiteRun:REFs, "
     "testCase:TESTCASE}"},
    {"testcaserun.{queued,started}", Release::v0_3_0, Release::next,
     "{trigger:TRIGGER, environment!:REF, testSuiteRun:REFs, testCase:TESTCASE}"},
    {"testcaserun.skipped", Release::v0_4, Release::next,
     "{reason:s, environment:REF, testSuiteRun:REFs, testCase:TESTCASE}"},
    {"testsuiterun.finished", Release::v0_3_0, Release::v0_4,
     "{environment!:REF, testSuite:TESTSUITE, outcome!:OUTCOME_OLD, severity:SEV, reason:s}"},
    {"testsuiterun.finished", Release::v0_5, Release::next,
     "{environment!:REF, testSuite:TESTSUITE, outcome!:OUTCOME, severity:SEV, reason:s}"},
    {"testsuiterun.queued", Release::v0_3_0, Release::v0_4,
     "{trigger:TRIGGER, environment!:REF, testSuite:{id!:s1, version:s, name:s, url:uri}}"},
    {"testsuiterun.queued", Release::v0_5, Release::next,
     "{trigger:TRIGGER, environment!:REF, testSuite:TESTSUITE}"},
    {"testsuiterun.started", Release::v0_3_0, Release::next,
     "{trigger:TRIGGER, environment!:REF, testSuite:TESTSUITE}"},
    {"testoutput.published", Release::v0_3_0, Release::next,
     "{outputType!:(report|video|image|log|other), format!:s, uri:uri, testCaseRun:REFs}"},
    {"environment.{created,modified}", Release::v0_1_0, Release::v0_4, "{name:s, url:s}"},
    {"environment.{created,modified}", Release::v0_5, Release::next, "{name:s, uri:uri}"},
    {"environment.deleted", Release::v0_1_0, Release::next, "{name:s}"},
    {"service.{deployed,rolledback,upgraded}", Release::v0_1_0, Release::v0_1_2,
     "{environment!:REFs, artifactId!:s1}"},
    {"service.{deployed,rolledback,upgraded}", Release::v0_2_0, Release::next,
     "{environment!:REF, artifactId!:s1}"},
    {"service.{published,removed}", Release::v0_1_0, Release::v0_1_2, "{environment:REFs}"},
    {"service.{published,removed}", Release::v0_2_0, Release::next, "{environment:REF}"},
    {"incident.{detected,resolved}", Release::v0_2_0, Release::next,
     "{description:s, environment!:REF, service:REF, artifactId:s1}"},
    {"incident.reported", Release::v0_2_0, Release::next,
     "{description:s, environment!:REF, ticketURI!:uri1, service:REF, artifactId:s1}"},
    {"ticket.closed", Release::v0_4, Release::next,
     "{summary:s, ticketType:TICKETTYPE, group:s, creator:s1, assignees:s[], priority:PRIORITY, "
     "labels:s[], milestone:s, uri!:ref1, resolution!:(completed|withdrawn|duplicate|s1*), "
     "updatedBy:s}"},
    {"ticket.created", Release::v0_4, Release::next,
     "{summary!:s, ticketType:TICKETTYPE, group:s, creator!:s1, assignees:s[], priority:PRIORITY, "
     "labels:s[], milestone:s, uri!:ref1}"},
    {"ticket.updated", Release::v0_4, Release::next,
     "{summary:s, ticketType:TICKETTYPE, group:s, creator:s1, assignees:s[], priority:PRIORITY, "
     "labels:s[], milestone:s, updatedBy:s, uri!:ref1}"},
    {"approval.closed", Release::next, Release::next,
     "{approvalDetailsUrl!:s1, resourceTargetUrl!:s1, responder!:uri, decision!:DECISION, "
     "status!:(approved|rejected|cancelled|expired)}"},
    {"approval.created", Release::next, Release::next,
     "{approvalDetailsUrl!:s1, resourceTargetUrl!:s1, requestor!:uri1}"},
    {"approval.updated", Release::next, Release::next,
     "{approvalDetailsUrl!:s1, resourceTargetUrl!:s1, responder!:uri, decision!:DECISION}"},
}};
// clang-format on

}  // namespace cdviz::cdevents
