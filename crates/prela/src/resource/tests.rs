use super::*;

#[test]
fn a_forked_process_has_an_identity_of_its_own() {
    let mut resource = Resource::default();
    resource.set("service.name", "shop");
    resource.identify();
    let child = resource.for_fork();
    let of = |resource: &Resource, key| resource.get(key).cloned();
    assert_eq!(of(&child, "service.name"), Some("shop".into()));
    let [own, its] = [&resource, &child].map(|it| of(it, semconv::SERVICE_INSTANCE_ID));
    assert!(own.is_some() && its.is_some() && own != its);
    assert_eq!(of(&child, semconv::PROCESS_PID), Some(i64::from(process::id()).into()));
    // A process that was forked again.
    assert_ne!(of(&child.for_fork(), semconv::SERVICE_INSTANCE_ID), its);
}

#[test]
fn what_the_user_said_of_the_process_stays() {
    let mut resource = Resource::default();
    resource.set(semconv::SERVICE_INSTANCE_ID, "one of two");
    resource.identify();
    let child = resource.for_fork();
    assert_eq!(child.get(semconv::SERVICE_INSTANCE_ID), Some(&"one of two".into()));
    assert_eq!(Resource::default().for_fork(), Resource::default());
}
