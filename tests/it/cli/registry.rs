//! Projects, stages, stacks and sites, by the program alone: no daemon is asked.

use serde_json::Value;

use super::program::Program;

/// Runs a command that must succeed, and reads its document.
fn json(program: &Program, line: &str) -> Value {
    let ended = program.run(&line.split(' ').chain(["--json"]).collect::<Vec<_>>());
    assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
    ended.json()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

#[test]
fn adding_makes_the_ledger_and_prints_the_ids_and_the_secret_once() {
    let program = Program::new();
    let project = json(&program, "project add shop --id p1 --workload-id w1");
    assert_eq!((text(&project, "id"), text(&project, "workload_id")), ("p1", "w1"));
    let secret = text(&project, "webhook_secret");
    assert!(secret.len() >= 32, "{project}");
    for line in ["project list", "project show shop", "project show p1"] {
        assert!(!json(&program, line).to_string().contains(secret), "{line}");
    }
    let rotated = json(&program, "rotate-secret project/shop");
    assert_eq!(text(&rotated, "id"), "w1");
    assert_ne!(text(&rotated, "webhook_secret"), secret);
}

#[test]
fn a_stack_stands_for_the_compose_project_of_its_name_unless_told_otherwise() {
    let program = Program::new();
    assert_eq!(text(&json(&program, "stack add blog"), "compose_project"), "blog");
    assert_eq!(text(&json(&program, "stack add shop --compose-project shop-prod"), "compose_project"), "shop-prod");
    let stacks = json(&program, "stack list");
    assert_eq!(stacks.as_array().expect("an array").len(), 2, "{stacks}");
    program.run(&["stack", "add", "other", "--compose-project", "blog"]).fails(1, &["is taken"]);
}

#[test]
fn renamed_parents_and_stages_are_found_by_their_new_names() {
    let program = Program::new();
    json(&program, "project add shop --id p1");
    json(&program, "site add www --id s1");
    json(&program, "stage add shop prod --id g1 --max-instances 3");
    assert_eq!(text(&json(&program, "project rename shop store"), "name"), "store");
    assert_eq!(text(&json(&program, "site rename s1 web"), "name"), "web");
    let stage = json(&program, "stage rename store prod live");
    assert_eq!((text(&stage, "name"), &stage["former_names"][0]), ("live", &Value::from("prod")));
    assert_eq!(json(&program, "stage list store")[0]["max_instances"], 3);
    program.run(&["project", "show", "shop"]).fails(1, &["there is no project \"shop\"", "project list"]);
}

#[test]
fn removed_parents_are_gone() {
    let program = Program::new();
    json(&program, "project add shop");
    json(&program, "stage add shop prod");
    json(&program, "site add www");
    json(&program, "stack add blog");
    assert_eq!(json(&program, "stage rm shop prod")["rows_forgotten"], 0);
    for kind in ["project", "site", "stack"] {
        let name = match kind {
            "project" => "shop",
            "site" => "www",
            _ => "blog",
        };
        assert_eq!(json(&program, &format!("{kind} rm {name}"))["removed"], name);
        assert_eq!(json(&program, &format!("{kind} list")), Value::Array(Vec::new()));
    }
}

#[test]
fn a_claim_without_a_container_makes_a_row_and_needs_no_daemon() {
    let program = Program::new().variable("DOCKER_HOST", "unix:///nowhere/at/all.sock");
    json(&program, "project add shop --workload-id w1");
    json(&program, "stage add shop prod --id g1");
    let row = json(&program, "claim --project shop --stage prod --row r1 --subdomain www --image-tag 7");
    assert_eq!((text(&row, "id"), text(&row, "role"), text(&row, "stage_id")), ("r1", "prod", "g1"));
    assert_eq!((text(&row, "workload_id"), text(&row, "state")), ("w1", "created"));
    let again = json(&program, "claim --project shop --row r1 --image-tag 8");
    assert_eq!((text(&again, "image_tag"), text(&again, "subdomain")), ("8", "www"), "only what is named changes");
    let routes = json(&program, "routes");
    assert_eq!((text(&routes[0], "subdomain"), text(&routes[0], "stage")), ("www", "prod"));
    let listed = json(&program, "ps --stage prod");
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    program.run(&["project", "rm", "shop"]).fails(1, &["still owns rows that are not missing (1)", "--force"]);
    let released = json(&program, "release r1");
    assert!(released["revision"].as_i64().expect("a revision") > 0);
    let changes = json(&program, "changes --since 0");
    assert_eq!(changes[2]["to_state"], "forgotten", "{changes}");
}

#[test]
fn a_claim_says_that_a_container_could_not_be_made_and_takes_a_subdomain_from_its_holder() {
    let program = Program::new().variable("DOCKER_HOST", "unix:///nowhere/at/all.sock");
    for project in ["shop", "blog"] {
        json(&program, &format!("project add {project}"));
    }
    json(&program, "claim --project blog --row b1 --subdomain www");
    let failed = json(&program, "claim --project shop --row s1 --failed");
    assert_eq!(text(&failed, "state"), "failed");
    program
        .run(&["claim", "--project", "shop", "--row", "s1", "--failed", "--container", "x"])
        .fails(2, &["--container"]);
    json(&program, "claim --project shop --row s1 --subdomain WWW");
    let contested = json(&program, "routes");
    assert_eq!(contested[0]["contested_by"], Value::from(vec!["shop"]), "{contested}");
    let told = program.run(&["routes"]).stdout;
    assert!(told.contains("www is borne by rows of blog, shop") && told.contains("--take-subdomain"), "{told}");
    let row = json(&program, "claim --project shop --row s1 --subdomain www --take-subdomain");
    assert_eq!(text(&row, "subdomain"), "www");
    let routes = json(&program, "routes");
    assert_eq!((routes.as_array().map(Vec::len), text(&routes[0], "row_id")), (Some(1), "s1"), "{routes}");
    assert!(!program.run(&["routes"]).stdout.contains("CONTESTED"));
    program.run(&["claim", "--project", "shop", "--take-subdomain"]).fails(2, &["required arguments"]);
    let nothing = ["claim", "--project", "shop", "--row", "s1", "--subdomain", "", "--take-subdomain"];
    program.run(&nothing).fails(2, &["that is empty"]);
    assert_eq!(text(&json(&program, "show s1"), "subdomain"), "www");
}

#[test]
fn the_schema_is_told_and_migrated_by_itself() {
    let program = Program::new();
    let applied = json(&program, "migrate up");
    assert!(!applied["applied"].as_array().expect("an array").is_empty(), "{applied}");
    assert_eq!(json(&program, "migrate up")["applied"], Value::Array(Vec::new()));
    let status = json(&program, "migrate status");
    assert!(status.as_array().expect("an array").iter().all(|migration| migration["applied"] == true), "{status}");
}
